#include "examples/digits/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace digits {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::string_view magic = "digits-checkpoint 1\n";

template <class T>
void put(std::string& bytes, const T& value) {
  const auto raw = std::bit_cast<std::array<char, sizeof(T)>>(value);
  bytes.append(raw.data(), raw.size());
}

void put_all(std::string& bytes, const std::vector<double>& values) {
  for (const double value : values) {
    put(bytes, value);
  }
}

template <class T>
T take(std::string_view& bytes) {
  std::array<char, sizeof(T)> raw;
  std::memcpy(raw.data(), bytes.data(), raw.size());
  bytes.remove_prefix(raw.size());
  return std::bit_cast<T>(raw);
}

std::vector<double> take_all(std::string_view& bytes, std::size_t count) {
  std::vector<double> values(count);
  for (double& value : values) {
    value = take<double>(bytes);
  }
  return values;
}

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

constexpr std::size_t header_size =
    magic.size() + 3 * sizeof(std::uint32_t) + sizeof(std::uint64_t) + sizeof(double);
constexpr std::size_t smallest = header_size + sizeof(std::uint32_t);

/// A file descriptor that is closed at the end of its scope.
class File {
 public:
  File(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~File() {
    if (fd_ >= 0) {
      close(fd_);
    }
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int fd() const { return fd_; }

 private:
  int fd_;
};

base::Result<void> write_synced(const std::string& path, std::string_view bytes) {
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (file.fd() < 0) {
    return base::fail_errno(errno, fmt::format("cannot create '{}'", path));
  }
  while (!bytes.empty()) {
    const ssize_t wrote = write(file.fd(), bytes.data(), bytes.size());
    if (wrote < 0) {
      return base::fail_errno(errno, fmt::format("cannot write '{}'", path));
    }
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (fsync(file.fd()) != 0) {
    return base::fail_errno(errno, fmt::format("cannot write '{}'", path));
  }
  return {};
}

base::Result<void> same_setting(std::string_view option, double found, double wanted) {
  if (found == wanted) {
    return {};
  }
  return base::fail(base::Code::conflict,
                    fmt::format("written by a run with --{0} {1}, this one has --{0} {2}: give the "
                                "same options or another --checkpoint",
                                option, found, wanted));
}

}  // namespace

std::string encode_checkpoint(const Settings& settings, const State& state) {
  std::string bytes(magic);
  put(bytes, settings.hidden);
  put(bytes, settings.batch);
  put(bytes, state.epoch);
  put(bytes, settings.seed);
  put(bytes, settings.learning_rate);
  put_all(bytes, state.parameters);
  put_all(bytes, state.velocity);
  put(bytes, checksum(bytes));
  return bytes;
}

base::Result<State> decode_checkpoint(std::string_view bytes, const Settings& settings) {
  if (!bytes.starts_with(magic)) {
    return base::fail(base::Code::corrupt, "not a checkpoint of this program");
  }
  auto ending = bytes.size() < smallest ? std::string_view() : bytes.substr(bytes.size() - 4);
  if (ending.empty() ||
      take<std::uint32_t>(ending) != checksum(bytes.substr(0, bytes.size() - 4))) {
    return base::fail(base::Code::corrupt, "damaged or cut off: remove it to start anew");
  }
  bytes.remove_prefix(magic.size());
  const auto hidden = take<std::uint32_t>(bytes);
  const auto batch = take<std::uint32_t>(bytes);
  State state;
  state.epoch = take<std::uint32_t>(bytes);
  const auto seed = take<std::uint64_t>(bytes);
  const auto rate = take<double>(bytes);
  const std::array<std::pair<std::string_view, std::pair<double, double>>, 3> numbers{
      {{"hidden", {hidden, settings.hidden}},
       {"batch", {batch, settings.batch}},
       {"learning-rate", {rate, settings.learning_rate}}}};
  for (const auto& [option, values] : numbers) {
    if (auto same = same_setting(option, values.first, values.second); !same) {
      return std::unexpected(same.error());
    }
  }
  if (seed != settings.seed) {
    return base::fail(base::Code::conflict,
                      fmt::format("written by a run with --seed {}, this one has --seed {}: give "
                                  "the same options or another --checkpoint",
                                  seed, settings.seed));
  }
  const std::size_t count = settings.shape().n_parameters();
  if (bytes.size() != 2 * count * sizeof(double) + sizeof(std::uint32_t)) {
    return base::fail(base::Code::corrupt, "of the wrong length: remove it to start anew");
  }
  state.parameters = take_all(bytes, count);
  state.velocity = take_all(bytes, count);
  return state;
}

base::Result<void> save_checkpoint(const std::string& path, const Settings& settings,
                                   const State& state) {
  const std::string unfinished = path + ".new";
  if (auto wrote = write_synced(unfinished, encode_checkpoint(settings, state)); !wrote) {
    return wrote;
  }
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) {
    return base::fail_errno(errno, fmt::format("cannot rename '{}' to '{}'", unfinished, path));
  }
  return {};
}

base::Result<std::optional<State>> load_checkpoint(const std::string& path,
                                                   const Settings& settings) {
  const File file(path, O_RDONLY);
  if (file.fd() < 0) {
    if (errno == ENOENT) {
      return std::nullopt;
    }
    return base::fail_errno(errno, fmt::format("cannot open '{}'", path));
  }
  std::string bytes;
  std::array<char, 1 << 16> piece;
  ssize_t got = 0;
  while ((got = read(file.fd(), piece.data(), piece.size())) > 0) {
    bytes.append(piece.data(), static_cast<std::size_t>(got));
  }
  if (got < 0) {
    return base::fail_errno(errno, fmt::format("cannot read '{}'", path));
  }
  auto state = decode_checkpoint(bytes, settings);
  if (!state) {
    return std::unexpected(std::move(state).error().in(fmt::format("checkpoint '{}'", path)));
  }
  return std::optional(*std::move(state));
}

}  // namespace digits
