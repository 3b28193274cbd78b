#!/bin/sh
# Runs on a machine with a GPU of NVIDIA, its driver, and the libraries cuBLAS, cuRAND and NVRTC of CUDA 13 (which PyTorch brings,
# too), from the folder that tools/gpu_bundle.sh wrote. Without a GPU the processor alone is tried, and the first line says so.
#
#   ./gpu.sh [voters...]
#
# First the core's tests, on every device: gradients against finite differences, posteriors and fits against those of the kernels.
# Then fits of simulated ballots with 5,000 contests and 4 dimensions, of a million and of ten million voters unless others are
# named: seconds, memory, and the R^2 of the true traits, on the GPU and on the processor. Writes gpu.csv.
set -u
cd "$(dirname "$0")" || exit 2
[ $# -gt 0 ] || set -- 1000000 10000000

# Where the libraries may be, but for where the system looks.
for folder in /usr/local/cuda/lib64 /usr/local/nvidia/lib64 $(python3 -c 'import nvidia; print(*[p + "/cu13/lib" for p in nvidia.__path__])' 2>/dev/null); do
  [ ! -d "$folder" ] || LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder
done
export LD_LIBRARY_PATH

build=cpu
devices=cpu
if ! gpu=$(nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader 2>/dev/null); then
  gpu="none: nvidia-smi finds no GPU"
elif missing=$(ldd cuda/device | grep "not found"); then
  gpu="not used, for want of$(echo "$missing" | awk '{ printf " %s", $1 }')"
else
  build=cuda
  devices="cuda cpu"
fi
echo "GPU: $gpu"
echo "Processors: $(nproc)"

failed=0
for tests in vae_irt_core_tests posterior_tests fit_tests; do
  start=$(date +%s)
  "$build/$tests" --quiet >"$tests.log" 2>&1 || failed=1
  echo "$tests: $(sed -n 's/^test result: //p' "$tests.log") $(($(date +%s) - start)) s"
  grep -A 20 -E "^failures:|panicked" "$tests.log" | head -n 60
done

rm -f gpu.csv
for voters in "$@"; do
  for device in $devices; do
    rm -f used
    if [ "$device" = cuda ]; then
      nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits --loop-ms=200 >used &
      watch=$!
    fi
    "$build/device" "$voters" 5000 "$device" >row || failed=1
    [ "$device" != cuda ] || kill "$watch"
    [ -e gpu.csv ] || echo "$(head -n 1 row),gpu_peak_mb" | tee gpu.csv
    tail -n +2 row | sed "s/\$/,$(sort -n used 2>/dev/null | tail -n 1)/" | tee -a gpu.csv
  done
done
rm -f row used
exit $failed
