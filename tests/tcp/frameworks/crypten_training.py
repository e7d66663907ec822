"""Trains a small network in CrypTen: what docs/fidelity.md measures. Started once for each party, with RANK, WORLD_SIZE, MASTER_ADDR and
MASTER_PORT."""

import sys
import time

import crypten
import torch

iterations = int(sys.argv[1]) if len(sys.argv) > 1 else 10


def stood_s():
    """How long this thread was ready to run and had no processor."""
    with open("/proc/thread-self/schedstat") as file:
        return int(file.read().split()[1]) / 1e9


torch.set_num_threads(1)
crypten.init()
torch.manual_seed(1)
images = torch.rand(64, 20) * 2 - 1
labels = (images @ (torch.rand(20, 1) * 2 - 1) > 0).float()
x = crypten.cryptensor(images, src=0)
y = crypten.cryptensor(labels, src=1)
model = crypten.nn.Sequential(crypten.nn.Linear(20, 32), crypten.nn.ReLU(), crypten.nn.Linear(32, 1))
model.encrypt()
loss_of = crypten.nn.MSELoss()
crypten.communicator.get().barrier()
begun, stood = time.perf_counter(), stood_s()
for _ in range(iterations):
    model.zero_grad()
    loss = loss_of(model(x), y)
    loss.backward()
    model.update_parameters(0.1)
last = loss.get_plain_text().item()
took, stood = time.perf_counter() - begun, stood_s() - stood
print(f"took {took:.6f} s, stood {stood:.3f} s, loss {last:.4f}")
