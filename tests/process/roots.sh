# Sourced after lib.sh by cases that run jobs in images.
# shellcheck shell=sh

# containers_up [LINE]: a cluster of two nodes whose images are kept in ./cache, with a line more of [containers].
containers_up() {
  mkdir -p "$MUSTER_DIR" cache
  cat >"$MUSTER_DIR/muster.toml" <<END_OF_CONFIG
[containers]
cache = "$T/cache"
${1-}

[[pool]]
name = "local"
nodes = 2
cpus_per_node = 2
END_OF_CONFIG
  cluster_up
}

# make_root FOLDER PROGRAM...: a root file system with the least that a shell needs, and these programs of the machine.
make_root() {
  made=$1
  shift
  mkdir "$made" "$made/etc" "$made/usr" "$made/var"
  for folder in bin lib lib64; do
    mkdir "$made/usr/$folder" && ln -s "usr/$folder" "$made/$folder"
  done
  for file in $(for program in sh "$@"; do
    command -v "$program"
    ldd "$(command -v "$program")" | sed -n -e 's/.* => \(\/[^ ]*\).*/\1/p' -e 's/^[[:space:]]*\(\/[^ ]*\).*/\1/p'
  done | sed -E 's,^/(bin|sbin|lib|lib64)/,/usr/\1/,' | sort -u); do
    mkdir -p "$made${file%/*}" && cp -L "$file" "$made$file"
  done
  echo "only here" >"$made/etc/mark"
}
