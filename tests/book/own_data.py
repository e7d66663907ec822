"""Writes the files that the examples of docs/own-data.md name into the folder in which it is started: few rows, in every format."""

import os
import random
import struct
import zipfile

SIDE = 28
dice = random.Random(1)


def rows(count, classes):
    """Images, and labels in turn."""
    return [([dice.randrange(256) for _ in range(SIDE * SIDE)], number % classes) for number in range(count)]


def idx(name, sizes, entries):
    with open(name, "wb") as file:
        file.write(bytes([0, 0, 8, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes) + bytes(entries))


def npy(shape, entries):
    """A NumPy array of bytes, in NumPy's format 1.0."""
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({', '.join(map(str, shape))},), }}"
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + bytes(entries)


def images(count):
    return rows(count, 10), (count, SIDE, SIDE)


for part, count in [("train", 300), ("test", 100)]:
    content, shape = images(count)
    idx(f"{part}-images", shape, (entry for image, _ in content for entry in image))
    idx(f"{part}-labels", shape[:1], (label for _, label in content))
    with open(f"{part}.csv", "w") as file:
        print("length,width,species", file=file)
        for number in range(count):
            print(f"{dice.uniform(4, 8):.1f},{dice.uniform(2, 5):.1f},{['setosa', 'virginica'][number % 2]}", file=file)
    with open(f"{part}-rows.csv", "w") as file:
        for image, label in content:
            print(label, *image, sep=",", file=file)

for name, names in [("mnist.npz", ["x_train", "y_train", "x_test", "y_test"]), ("own.npz", ["a", "b", "c", "d"])]:
    with zipfile.ZipFile(name, "w") as archive:
        for part, count in enumerate([300, 100]):
            content, shape = images(count)
            archive.writestr(names[2 * part] + ".npy", npy(shape, (entry for image, _ in content for entry in image)))
            archive.writestr(names[2 * part + 1] + ".npy", npy(shape[:1], (label for _, label in content)))

os.mkdir("cifar-10-batches-bin")
for name in [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]:
    with open(f"cifar-10-batches-bin/{name}.bin", "wb") as file:
        for number in range(100):
            file.write(bytes([number % 10]) + dice.randbytes(32 * 32 * 3))
