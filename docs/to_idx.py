"""Writes rows as IDX: to_idx.py images|labels TABLE.csv|ARRAY.npy OUT [--column N] [--scale MAX]

A CSV has one row a line; lines that do not begin with a number are headings. `--column N` (from 0) is the column of the
labels: `labels` takes it, `images` leaves it out. `--scale MAX` maps values of 0 to MAX onto 0 to 255, rounded; without
it they must be whole numbers from 0 to 255. An NPY array holds unsigned bytes, rows first. See own-data.md.
"""
import ast, csv, struct, sys

def from_npy(path):
    data = open(path, "rb").read()
    wide = data[6] > 1
    start = 12 if wide else 10
    end = start + int.from_bytes(data[8:start], "little")
    header = ast.literal_eval(data[start:end].decode("latin1"))
    if header["descr"] not in ("|u1", "u1") or header["fortran_order"]:
        sys.exit(f"{path} holds {header['descr']}: convert it to unsigned bytes, array.astype('uint8'), in C order")
    return list(header["shape"]), data[end:]

def from_csv(path, wanted, column, scale):
    cells, width = [], None
    for number, line in enumerate(csv.reader(open(path, newline="")), 1):
        try:
            row = [float(cell) for cell in line]
        except ValueError:
            if cells:
                sys.exit(f"{path}, line {number}: not all cells are numbers")
            continue  # a heading
        if not row:
            continue
        width = width or len(row)
        if len(row) != width:
            sys.exit(f"{path}, line {number}: {len(row)} cells, and {width} before")
        if column is not None:
            row = [row[column]] if wanted == "labels" else row[:column] + row[column + 1:]
        if scale and wanted == "images":
            row = [round(255 * cell / scale) for cell in row]
        if any(cell != int(cell) or not 0 <= cell <= 255 for cell in row):
            sys.exit(f"{path}, line {number}: values must be whole numbers from 0 to 255, or take --scale")
        if wanted == "labels" and len(row) != 1:
            sys.exit(f"{path}, line {number}: {len(row)} cells where one label is wanted; take --column")
        cells.append(bytes(int(cell) for cell in row))
    return ([len(cells)] if wanted == "labels" else [len(cells), len(cells[0]) if cells else 0]), b"".join(cells)

def option(name, kind):
    return kind(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else None

if len(sys.argv) < 4 or sys.argv[1] not in ("images", "labels"):
    sys.exit(__doc__)
wanted, source, out = sys.argv[1:4]
shape, data = from_npy(source) if source.endswith(".npy") else \
    from_csv(source, wanted, option("--column", int), option("--scale", float))
with open(out, "wb") as file:
    file.write(bytes([0, 0, 8, len(shape)]) + b"".join(struct.pack(">I", size) for size in shape) + data)
print(f"{out}: {' x '.join(map(str, shape))}")
