#!/usr/bin/env python3
"""compare.py BENCHMARKDOTNET_RESULTS PEERS_JSONL RESULTS: puts BenchmarkDotNet's tables into RESULTS, one file a stage, and
writes its README.md: how every piece of work compares with the peer that did it in the same run, rows that lose included."""
import json
import sys
from pathlib import Path

# Tables in the same folder that other scripts write.
OTHERS = {
    "families.md": "every tap of every exported network against PyTorch", "taps.md": "one tap against several",
    "heads.md": "heads, ML.NET and scikit-learn side by side", "houses.md": "house prices by head",
    "throughput.md": "files to embeddings against PyTorch and ML.NET", "int8.md": "int8 against fp32",
    "latency.md": "one prediction, from process start and in process", "steps.md": "training steps against PyTorch",
    "gradients.md": "gradients of whole networks against PyTorch", "transfer.md": "what transfer buys"}


def own(results):
    """Mean in ms by method and photo or augmentation ("DecodeOnly jpeg 12 MP", "Cifar32 flip:1"), or by method alone."""
    found = {}
    for path in sorted(results.glob("*-report-brief.json")):
        for case in json.loads(path.read_text())["Benchmarks"]:
            photo = case["FullName"].partition("(photo: ")[2].split(",")[0]
            augmentation = case["FullName"].partition('(Text: "')[2].rpartition('")')[0]
            found[f"{case['Method']} {photo}{augmentation}".strip()] = case["Statistics"]["Mean"] / 1e6
    return found


def rows(found, peers):
    for peer in peers:
        for work, theirs in peer["milliseconds"].items():
            ours = found[work]
            yield f"| {theirs / ours:.2f} | {work} | {ours:.2f} | {theirs:.2f} | {peer['peer']} |"


def main():
    results, peers, place = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    for old in place.glob("*.md"):
        if old.name not in OTHERS:
            old.unlink()
    stages = []
    for path in sorted(results.glob("*-report-github.md")):
        stage = path.name.removeprefix("OnnxTransfer.Benchmarks.").removesuffix("-report-github.md")
        (place / f"{stage.lower()}.md").write_text(f"# {stage}\n\n{path.read_text()}")
        stages.append(f"[{stage}]({stage.lower()}.md)")
    others = [f"By other recipes: {', '.join(f'[{about}]({name})' for name, about in OTHERS.items() if (place / name).exists())}."] \
        if any((place / name).exists() for name in OTHERS) else []
    table = [*rows(own(results), [json.loads(line) for line in peers.read_text().splitlines()])]
    (place / "README.md").write_text("\n".join([
        "# Measured by eng/bench.sh", "",
        "Machine and versions: [versions.txt](versions.txt). Stage by stage: " + ", ".join(stages) + ".", *others, "",
        "The same work done by peers in the same run. Above 1 OnnxTransfer is the faster, below 1 the slower. Decoding and augmentation are on "
        "one thread (Pillow's and torchvision's CPU time), fits on all (scikit-learn's wall time). `Logistic` and `LogisticPath` are OnnxTransfer at its default Tolerance of 1e-4 and scikit-learn stopped less than 1e-4 of the objective above the optimum, which is earlier; `LogisticTight` is 1e-6 and scikit-learn's default.", "",
        "| peer / OnnxTransfer | work | OnnxTransfer, ms | peer, ms | peer |",
        "|--:|:--|--:|--:|:--|", *table, ""]))


if __name__ == "__main__":
    main()
