#include "examples/parameter-server/shard.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "examples/digits/bytes.h"
#include "examples/digits/whole_file.h"

namespace parameter_server {
namespace {

constexpr std::string_view magic = "parameter-server-shard 1\n";
constexpr std::size_t checksum_size = sizeof(std::uint32_t);

std::size_t file_size(std::size_t n_weights) {
  return magic.size() + 4 * sizeof(std::uint32_t) + n_weights * sizeof(double) + checksum_size;
}

base::Result<void> same_number(std::string_view what, std::uint32_t found, std::uint32_t wanted) {
  if (found == wanted) {
    return {};
  }
  return base::fail(base::Code::conflict,
                    fmt::format("written with {0} {1}, this run has {0} {2}: give the same or "
                                "another --checkpoint",
                                what, found, wanted));
}

bool is_sealed(std::string_view bytes) {
  if (bytes.size() < file_size(0)) {
    return false;
  }
  auto ending = bytes.substr(bytes.size() - checksum_size);
  bytes.remove_suffix(checksum_size);
  return digits::take<std::uint32_t>(ending) == digits::checksum(bytes);
}

}  // namespace

Range range_of(std::size_t n_parameters, std::size_t server, std::size_t n_servers) {
  const std::size_t first = n_parameters * server / n_servers;
  const std::size_t end = n_parameters * (server + 1) / n_servers;
  return {.first = first, .count = end - first};
}

std::string encode_shard(const ShardName& name, const Weights& weights) {
  std::string bytes(magic);
  for (const std::uint32_t number : {name.server, name.n_servers, name.hidden, weights.finished}) {
    digits::put(bytes, number);
  }
  digits::put_all(bytes, weights.values);
  digits::put(bytes, digits::checksum(bytes));
  return bytes;
}

base::Result<Weights> decode_shard(std::string_view bytes, const ShardName& name) {
  if (!bytes.starts_with(magic)) {
    return base::fail(base::Code::corrupt, "not a checkpoint of this program");
  }
  if (!is_sealed(bytes)) {
    return base::fail(base::Code::corrupt, "damaged or cut off: remove it to start anew");
  }
  const std::size_t size = bytes.size();
  bytes.remove_prefix(magic.size());
  const std::array<std::pair<std::string_view, std::uint32_t>, 3> numbers{
      {{"server number", name.server}, {"servers", name.n_servers}, {"--hidden", name.hidden}}};
  for (const auto& [what, wanted] : numbers) {
    const auto found = digits::take<std::uint32_t>(bytes);
    if (auto same = same_number(what, found, wanted); !same) {
      return std::unexpected(same.error());
    }
  }
  const std::size_t count = name.range().count;
  if (size != file_size(count)) {
    return base::fail(base::Code::corrupt, "of the wrong length: remove it to start anew");
  }
  Weights weights;
  weights.finished = digits::take<std::uint32_t>(bytes);
  weights.values = digits::take_all(bytes, count);
  return weights;
}

Shard::Shard(const ShardName& name, const digits::Settings& settings, std::uint32_t n_workers)
    : name_(name), learning_rate_(settings.learning_rate), finished_(n_workers, 0) {
  const auto all = digits::first_parameters(settings.shape(), settings.seed);
  const auto [first, count] = name.range();
  const auto mine = std::span(all).subspan(first, count);
  values_.assign(mine.begin(), mine.end());
}

Weights Shard::pull() const {
  const std::scoped_lock lock(mutex_);
  return {.finished = finished_by_all(), .values = values_};
}

void Shard::push(std::span<const double> gradient) {
  const std::scoped_lock lock(mutex_);
  base::check(gradient.size() == values_.size(), "a gradient has a number for each weight");
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    values_[i] -= learning_rate_ * gradient[i];
  }
}

base::Result<bool> Shard::finish(std::uint32_t worker, std::uint32_t epochs) {
  const std::scoped_lock lock(mutex_);
  const std::uint32_t before = finished_by_all();
  std::uint32_t& finished = finished_[worker];
  if (epochs > finished && epochs - finished > 1) {
    return base::fail(base::Code::invalid,
                      fmt::format("finished: expected at most {}, got {}", finished + 1, epochs));
  }
  finished = std::max(finished, epochs);
  return finished_by_all() > before;
}

base::Result<void> Shard::load(const std::string& path) {
  const auto bytes = digits::read_whole(path);
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  if (!*bytes) {
    return {};
  }
  auto weights = decode_shard(**bytes, name_);
  if (!weights) {
    return std::unexpected(std::move(weights).error().in(fmt::format("checkpoint '{}'", path)));
  }
  const std::scoped_lock lock(mutex_);
  std::ranges::fill(finished_, weights->finished);
  values_ = std::move(weights->values);
  return {};
}

base::Result<void> Shard::save(const std::string& path) {
  const std::scoped_lock lock(saving_);
  return digits::write_whole(path, encode_shard(name_, pull()));
}

std::uint32_t Shard::finished_by_all() const {
  return *std::ranges::min_element(finished_);
}

}  // namespace parameter_server
