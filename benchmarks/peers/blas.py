"""BLAS of the peers: Debian's numpy and PyTorch run on the reference BLAS, some 20 times slower, unless OpenBLAS is installed, which
would flatter OnnxTransfer.

blas.py FOLDER: makes sure of a fast BLAS, unpacking Debian's OpenBLAS into FOLDER where it must; prints the LD_LIBRARY_PATH to run peers
with, or nothing where none is needed."""
import os
import subprocess
import sys
from pathlib import Path

FAST = ("openblas", "mkl", "blis")


def blas():
    """The file of the OpenBLAS in use, or "no OpenBLAS"; ask after the first matrix product."""
    maps = Path("/proc/self/maps").read_text().splitlines()
    libraries = {Path(line.split()[-1]).name for line in maps if "blas" in line.lower()}
    return next((name for name in sorted(libraries) if "openblas" in name), "no OpenBLAS")


def with_openblas(python, work):
    """An environment in which this Python's numpy runs on a fast BLAS."""
    test = "import numpy; print(open('/proc/self/maps').read())"
    if any(name in subprocess.run([python, "-c", test], stdout=subprocess.PIPE, text=True, check=True).stdout for name in FAST):
        return dict(os.environ)
    work.mkdir(parents=True, exist_ok=True)
    if not (found := sorted(work.glob("usr/**/libblas.so.3"))):
        subprocess.run("apt-get download -qq libopenblas0-pthread && dpkg -x libopenblas0-pthread_*.deb .", shell=True, cwd=work, check=True)
        found = sorted(work.glob("usr/**/libblas.so.3"))
    return {**os.environ, "LD_LIBRARY_PATH": ":".join([str(found[0].parent.resolve()), *filter(None, [os.environ.get("LD_LIBRARY_PATH")])])}


if __name__ == "__main__":
    print(with_openblas(sys.executable, Path(sys.argv[1])).get("LD_LIBRARY_PATH", ""))
