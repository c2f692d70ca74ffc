"""Load damaged LightGBM models in a process of its own; prints what became of each.

Arguments: the model's file, a seed, how many damages. A damage that ends or hangs the process is
what the test looks for.
"""

import random
import sys
from pathlib import Path

import numpy as np

from interplane.errors import InterplaneError
from interplane.models.lightgbm_flavor import LightGBMFlavor


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Cut, flip, swap or repeat: what disks and hands do; often inside what a prediction follows."""
    kind = rng.randrange(5)
    at = rng.randrange(len(data))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
    if kind == 2:
        return data[:at] + rng.choice(b"0123456789- \n=").to_bytes(1, "big") + data[at + 1 :]
    if kind == 3:
        return data[:at] + data[at : at + 40] + data[at:]
    lines = data.split(b"\n")
    fields = [i for i, line in enumerate(lines) if line.split(b"=")[0] in FOLLOWED]
    line = rng.choice(fields)
    words = lines[line].split(b"=", 1)[1].split(b" ")
    old = rng.randrange(len(words))
    words[old] = str(rng.choice([-1, 0, 1, 7, -99, 99, 2**31, -(2**31)])).encode()
    lines[line] = lines[line].split(b"=")[0] + b"=" + b" ".join(words)
    return b"\n".join(lines)


FOLLOWED = {
    *(b"left_child", b"right_child", b"split_feature", b"decision_type", b"num_leaves", b"num_cat"),
    *(b"cat_boundaries", b"cat_threshold", b"threshold", b"leaf_value", b"tree_sizes"),
    *(b"num_class", b"max_feature_idx", b"num_tree_per_iteration", b"objective"),
    *(b"leaf_features", b"num_features", b"leaf_coeff", b"leaf_const", b"is_linear"),
}


def main() -> None:
    whole = Path(sys.argv[1]).read_bytes()
    rng = random.Random(int(sys.argv[2]))
    width = len(LightGBMFlavor().load({"model.txt": whole}).feature_names)
    matrix = np.random.default_rng(0).normal(size=(50, width)) * 5
    refused = 0
    for _ in range(int(sys.argv[3])):
        data = damaged(whole, rng)
        try:
            predictor = LightGBMFlavor().load({"model.txt": data})
            predictor.predict_many(matrix[:, : len(predictor.feature_names)])
            predictor.predict_one(matrix[0, : len(predictor.feature_names)].tolist())
        except InterplaneError:
            refused += 1
    sys.stdout.write(f"{refused}\n")


if __name__ == "__main__":
    main()
