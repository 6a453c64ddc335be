# Sourced after lib.sh by cases that have a stand-in for NVIDIA's library, whose two GPUs do what FAKE_NVML_* say
# (tests/unit/lib/nvml/fake_nvml.cpp).
# shellcheck shell=sh

mkdir driver
c++ -shared -fPIC -o driver/libnvidia-ml.so.1 "$ROOT/tests/unit/lib/nvml/fake_nvml.cpp"
export LD_LIBRARY_PATH="$PWD/driver"
