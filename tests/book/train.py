"""A program of two parties, for docs/time-your-own-program.md: both send each other a message and work, ten times.

    train.py --rank 0|1
"""

import socket
import sys
import time

MESSAGE = 1000

rank = int(sys.argv[sys.argv.index("--rank") + 1])
if rank == 0:
    peer, _ = socket.create_server(("127.0.0.1", 5390)).accept()
else:
    for attempt in range(1000):
        try:
            peer = socket.create_connection(("127.0.0.1", 5390))
            break
        except ConnectionRefusedError:
            time.sleep(0.02)
for iteration in range(10):
    peer.sendall(bytes(MESSAGE))
    left = MESSAGE
    while left > 0:
        left -= len(peer.recv(left))
    sum(i * i for i in range(10_000))
