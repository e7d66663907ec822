"""A party of a small program that is recorded in run.sh: each of three sends both others messages of random sizes, round by round.

    exchange.py PARTY ROUNDS SENT HOST0 HOST1 HOST2

Party 0 waits in blocking calls, party 1 in an event loop, and party 2 has a thread for each peer that reads ahead. They send by different
calls, too. Writes to SENT what each call sent, by peer.
"""

import json
import os
import queue
import random
import selectors
import socket
import sys
import threading
import time

party, rounds, place, hosts = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:7]
others = [other for other in range(3) if other != party]
sent = {other: [] for other in others}


def size(number, sender, receiver):
    return random.Random(f"{number} {sender} {receiver}").randrange(1, 20000)


def connected():
    listener = socket.create_server(("", 5300 + party))
    peers = {}
    for other in range(party):
        while other not in peers:
            try:
                peers[other] = socket.create_connection((hosts[other], 5300 + other))
            except ConnectionRefusedError:
                time.sleep(0.05)
        send(peers[other], other, bytes([party]))
    while len(peers) < 2:
        peer, _ = listener.accept()
        peers[peer.recv(1)[0]] = peer
    for peer in peers.values():
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peers


def send(peer, other, content):
    """One call; a buffer that is full takes less."""
    while content:
        middle = len(content) // 2
        try:
            if party == 0:
                done = peer.send(content)
            elif party == 1:
                done = peer.sendmsg([content[:middle], content[middle:]])
            else:
                done = os.writev(peer.fileno(), [content[:middle], content[middle:]])
        except BlockingIOError:
            time.sleep(0.0001)
            continue
        sent[other].append(done)
        content = content[done:]


def blocking(wanted):
    for other, bytes_left in wanted.items():
        while bytes_left:
            bytes_left -= len(peers[other].recv(bytes_left))


def event_loop(wanted):
    for other in others:
        wanted[other] -= buffered[other]
    while any(left > 0 for left in wanted.values()):
        for key, _ in selector.select():
            got = os.read(key.fd, 1 << 16)
            wanted[key.data] -= len(got)
    for other in others:
        buffered[other] = -wanted[other]


def read_ahead(other):
    piece = bytearray(1 << 16)
    while got := peers[other].recv_into(piece):
        arrived[other].put(got)


def threads(wanted):
    for other in others:
        wanted[other] -= buffered[other]
        while wanted[other] > 0:
            wanted[other] -= arrived[other].get()
        buffered[other] = -wanted[other]


peers = connected()
buffered = {other: 0 for other in others}
receive = [blocking, event_loop, threads][party]
if party == 1:
    selector = selectors.DefaultSelector()
    for other, peer in peers.items():
        peer.setblocking(False)
        selector.register(peer, selectors.EVENT_READ, other)
if party == 2:
    arrived = {other: queue.SimpleQueue() for other in others}
    for other in others:
        threading.Thread(target=read_ahead, args=(other,), daemon=True).start()


def exchange(number):
    for other in others:
        send(peers[other], other, bytes(size(number, party, other)))
    receive({other: size(number, other, party) for other in others})


for number in range(rounds):
    sum(i * i for i in range(5000))
    exchange(number)
with open(place, "w") as file:
    json.dump(sent, file)
