"""A parent that counts a prediction a minute until it is killed: FILE. It says what it kept."""

import os
import sys
from pathlib import Path

from interplane.serving.board import Board
from interplane.serving.log_lines import LogLines
from interplane.serving.metrics import SlotMeter
from interplane.serving.minute_file import MinuteFile
from interplane.serving.minutes import Minutes


def main(path):
    now = [1_700_000_000_000_000]
    with Board.create(1) as board:
        meter = SlotMeter(board.slots[0])
        kept = MinuteFile(Path(path))
        minutes = Minutes(board, kept, log=LogLines(), now_us=lambda: now[0])
        counted = 0
        while True:
            meter.predictions("flights", 1, rejected=0, took_us=50)
            counted += 1
            os.write(1, b"counted %d\n" % counted)
            now[0] += 60_000_000
            minutes.tick()
            os.write(1, b"kept %d\n" % counted)


if __name__ == "__main__":
    main(sys.argv[1])
