"""A yardstick: seconds of one training pass of a VAE-IRT model in PyTorch, in the style of research code.

usage: pytorch_pass.py dense|cells [passes] [threads]

10,000 voters x 300 binary contests, 20 % missing, 4 latent dimensions, batches of 256, one sample of the evidence lower bound,
Adam. `dense`: one-hot batches of N x 2J and a loop over the items, each a linear layer of its own; `cells`: the same network
over the observed cells alone. The first pass warms up and is not counted. Prints the medians of CPU and elapsed seconds.
"""

import resource
import statistics
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

VOTERS, CONTESTS, DIMS, HIDDEN, BATCH = 10_000, 300, 4, 64, 256


class Encoder(nn.Module):
    def __init__(self, first):
        super().__init__()
        self.first = first
        self.second = nn.Linear(HIDDEN, HIDDEN)
        self.mean = nn.Linear(HIDDEN, DIMS)
        self.log_variance = nn.Linear(HIDDEN, DIMS)

    def forward(self, *votes):
        hidden = F.relu(self.second(F.relu(self.first(*votes))))
        return self.mean(hidden), self.log_variance(hidden)


def divergence(mean, log_variance):
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum()


def draw(mean, log_variance):
    return mean + torch.randn_like(mean) * (0.5 * log_variance).exp()


def simulate():
    generator = np.random.default_rng(1)
    traits = generator.normal(size=(VOTERS, DIMS))
    slopes = generator.normal(size=(CONTESTS, DIMS)) / 2
    difficulties = generator.normal(size=CONTESTS)
    probability = 1 / (1 + np.exp(-(traits @ slopes.T - difficulties)))
    votes = (generator.random((VOTERS, CONTESTS)) < probability).astype(np.int64)
    return votes, generator.random((VOTERS, CONTESTS)) >= 0.2


def dense_pass(votes, observed):
    one_hot = np.zeros((VOTERS, CONTESTS, 2), np.float32)
    rows, columns = np.nonzero(observed)
    one_hot[rows, columns, votes[rows, columns]] = 1
    one_hot = torch.from_numpy(one_hot.reshape(VOTERS, 2 * CONTESTS))
    votes, mask = torch.from_numpy(votes), torch.from_numpy(observed.astype(np.float32))
    encoder = Encoder(nn.Linear(2 * CONTESTS, HIDDEN))
    items = nn.ModuleList([nn.Linear(DIMS, 2) for _ in range(CONTESTS)])
    optimiser = torch.optim.Adam([*encoder.parameters(), *items.parameters()], lr=1e-3)

    def one_pass():
        for members in torch.randperm(VOTERS).split(BATCH):
            mean, log_variance = encoder(one_hot[members])
            traits = draw(mean, log_variance)
            loss = divergence(mean, log_variance)
            chosen, seen = votes[members], mask[members]
            for j, item in enumerate(items):
                terms = F.cross_entropy(item(traits), chosen[:, j], reduction="none")
                loss = loss + (terms * seen[:, j]).sum()
            optimiser.zero_grad()
            (loss / len(members)).backward()
            optimiser.step()

    return one_pass


def cells_pass(votes, observed):
    rows, columns = np.nonzero(observed)
    starts = torch.from_numpy(np.concatenate([[0], np.cumsum(observed.sum(1))]))
    item_of = torch.from_numpy(columns)
    vote_of = torch.from_numpy(votes[rows, columns].astype(np.float32))
    option_of = 2 * item_of + vote_of.long()
    encoder = Encoder(nn.EmbeddingBag(2 * CONTESTS, HIDDEN, mode="sum"))
    slopes, difficulties = nn.Embedding(CONTESTS, DIMS), nn.Embedding(CONTESTS, 1)
    parameters = [*encoder.parameters(), *slopes.parameters(), *difficulties.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=1e-3)

    def one_pass():
        for members in torch.randperm(VOTERS).split(BATCH):
            counts = starts[members + 1] - starts[members]
            offsets = torch.cumsum(counts, 0) - counts
            owner = torch.repeat_interleave(torch.arange(len(members)), counts)
            cells = torch.arange(len(owner)) - offsets[owner] + starts[members][owner]
            mean, log_variance = encoder(option_of[cells], offsets)
            traits = draw(mean, log_variance)
            items = item_of[cells]
            logits = (slopes(items) * traits[owner]).sum(1) - difficulties(items)[:, 0]
            terms = F.binary_cross_entropy_with_logits(logits, vote_of[cells], reduction="sum")
            optimiser.zero_grad()
            ((divergence(mean, log_variance) + terms) / len(members)).backward()
            optimiser.step()

    return one_pass


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    passes = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    torch.set_num_threads(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    torch.manual_seed(1)
    one_pass = {"dense": dense_pass, "cells": cells_pass}[sys.argv[1]](*simulate())
    one_pass()
    cpu, elapsed = [], []
    for _ in range(passes):
        started, used = time.time(), cpu_seconds()
        one_pass()
        elapsed.append(time.time() - started)
        cpu.append(cpu_seconds() - used)
    print(f"{statistics.median(cpu):.3f} {statistics.median(elapsed):.3f}")


if __name__ == "__main__":
    main()
