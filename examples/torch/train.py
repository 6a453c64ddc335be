#!/usr/bin/env python3
"""Learns handwritten digits with PyTorch's DistributedDataParallel, one process a rank.

    muster run python3 train.py --checkpoint FILE

Nothing in here needs Muster: ranks meet by RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, which every job
has, or with --init file at the file that $MUSTER_RENDEZVOUS_FILE names, another in each attempt. NCCL where
there are GPUs, Gloo elsewhere. A run that finds its checkpoint goes on from there.
"""

import argparse
import gzip
import os
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

HELD_OUT_EVERY = 5  # every fifth digit is for the accuracy


def read_digits(path, device):
    """Images of 64 pixels in [0, 1] and their classes, as (train, held out)."""
    with gzip.open(path, "rt") as lines:
        rows = torch.tensor([[float(x) for x in line.split(",")] for line in lines], device=device)
    images, classes = rows[:, :64] / 16, rows[:, 64].long()
    held_out = torch.arange(len(rows), device=device) % HELD_OUT_EVERY == 0
    return (images[~held_out], classes[~held_out]), (images[held_out], classes[held_out])


def load(path, model, optimizer):
    """The epoch to go on with."""
    if path is None or not path.exists():
        return 0
    state = torch.load(path, map_location=next(model.parameters()).device)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return state["epoch"]


def save(path, model, optimizer, epoch):
    """All of it or nothing: a rank may be killed at any moment."""
    part = path.with_name(path.name + ".part")
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}, part)
    os.replace(part, path)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    digits = Path(__file__).resolve().parent.parent / "digits" / "data" / "digits.csv.gz"
    parser.add_argument("--data", type=Path, default=digits)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch", type=int, default=32, help="images of one rank in a step")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--init", choices=["env", "file"], default="env", help="how ranks meet")
    return parser.parse_args()


def main():
    options = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(1)  # the same first weights in all ranks
    on_gpu = torch.cuda.is_available()
    device = torch.device("cuda", 0) if on_gpu else torch.device("cpu")  # a rank sees its own GPUs only
    meeting = "file://" + os.environ["MUSTER_RENDEZVOUS_FILE"] if options.init == "file" else "env://"
    place = {"rank": int(os.environ["RANK"]), "world_size": int(os.environ["WORLD_SIZE"])}
    dist.init_process_group("nccl" if on_gpu else "gloo", init_method=meeting, **place)
    rank, size = dist.get_rank(), dist.get_world_size()
    print(f"rank {rank} of {size} on {device}, cores {sorted(os.sched_getaffinity(0))}", flush=True)

    (images, classes), held_out = read_digits(options.data, device)
    network = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).to(device)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    first = load(options.checkpoint, network, optimizer)
    model = DistributedDataParallel(network)

    for epoch in range(first, options.epochs):
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(epoch))
        order = order[: len(order) // (size * options.batch) * (size * options.batch)].to(device)
        for step in order.view(-1, size, options.batch):
            mine = step[rank]
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[mine]), classes[mine]).backward()
            optimizer.step()
        if rank == 0 and options.checkpoint:
            save(options.checkpoint, network, optimizer, epoch + 1)

    if rank == 0:
        right = (network(held_out[0]).argmax(1) == held_out[1]).float().mean().item()
        print(f"epochs {first} to {options.epochs}\naccuracy {right:.4f}", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
