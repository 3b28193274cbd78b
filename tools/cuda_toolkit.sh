# To be sourced from the root of the repository: the compiler and the libraries of CUDA. They come from PyPI into .cache/cuda,
# unless CUDA_HOME names others. CUDA_COMPUTE_CAP is the compute capability to compile for.
if [ -z "${CUDA_HOME:-}" ]; then
  tools/setup.sh cuda
  venv=$PWD/.cache/cuda
  [ -d "$venv" ] || python3 -m venv "$venv"
  # One version for all: those of cudarc, which Candle uses, end with 13.0.
  "$venv/bin/pip" install --quiet --disable-pip-version-check "nvidia-cuda-nvcc==13.0.88" "nvidia-nvvm==13.0.88" \
    "nvidia-cuda-crt==13.0.88" "nvidia-cuda-runtime==13.0.96" "nvidia-cuda-nvrtc==13.0.88" "nvidia-cuda-cccl==13.0.85" \
    "nvidia-cublas==13.0.2.14" "nvidia-curand==10.4.0.35"
  CUDA_HOME=$(find "$venv" -type d -path '*/nvidia/cu13')
  # The packages have no names for a linker, and nothing that stands for the driver's library.
  for library in "$CUDA_HOME"/lib/lib*.so.*; do
    ln -sf "$(basename "$library")" "${library%.so.*}.so"
  done
  if [ ! -e "$CUDA_HOME/lib/stubs/libcuda.so" ]; then
    mkdir -p "$CUDA_HOME/lib/stubs"
    echo '#include <cuda.h>' | cc -E -I "$CUDA_HOME/include" - | sed -n 's/^CUresult *\(cu[A-Za-z0-9_]*\)(.*/int \1(void) { return 100; }/p' |
      sort -u | cc -shared -fPIC -Wl,-soname,libcuda.so.1 -x c -o "$CUDA_HOME/lib/stubs/libcuda.so" -
  fi
fi
export CUDA_HOME CUDA_COMPUTE_CAP="${CUDA_COMPUTE_CAP:-80}"
export CUDA_PATH=$CUDA_HOME CUDA_ROOT=$CUDA_HOME PATH="$CUDA_HOME/bin:$PATH"
nvcc --version | tail -n 2
