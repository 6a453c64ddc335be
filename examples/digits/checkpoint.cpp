#include "examples/digits/checkpoint.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "examples/digits/bytes.h"
#include "examples/digits/whole_file.h"

namespace digits {
namespace {

constexpr std::string_view magic = "digits-checkpoint 1\n";

constexpr std::size_t header_size =
    magic.size() + 3 * sizeof(std::uint32_t) + sizeof(std::uint64_t) + sizeof(double);
constexpr std::size_t smallest = header_size + sizeof(std::uint32_t);

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
  return write_whole(path, encode_checkpoint(settings, state));
}

base::Result<std::optional<State>> load_checkpoint(const std::string& path,
                                                   const Settings& settings) {
  const auto bytes = read_whole(path);
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  if (!*bytes) {
    return std::nullopt;
  }
  auto state = decode_checkpoint(**bytes, settings);
  if (!state) {
    return std::unexpected(std::move(state).error().in(fmt::format("checkpoint '{}'", path)));
  }
  return std::optional(*std::move(state));
}

}  // namespace digits
