// digits, digits-gpu: train a network on handwritten digits with all ranks of a step.

#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "examples/digits/checkpoint.h"
#include "examples/digits/group.h"
#include "examples/digits/options.h"
#include "examples/digits/place.h"

namespace {

constexpr int failed = 1;
constexpr int wrong_usage = 2;

/// One line, at once: the launcher passes on what a rank has written, line by line.
void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void complain(const digits::Group& group, const base::Error& error) {
  fmt::print(stderr, "digits: rank {}: {}\n", group.rank(), error.text);
}

/// Rank 0 reads the checkpoint and hands its state to all.
base::Result<digits::State> starting_state(const digits::Group& group,
                                           const digits::Options& options) {
  digits::State state = digits::first_state(options.settings);
  base::Result<std::optional<digits::State>> found = std::nullopt;
  if (group.is_first() && !options.checkpoint.empty()) {
    found = digits::load_checkpoint(options.checkpoint, options.settings);
  }
  if (!group.all(found.has_value())) {
    return found ? base::fail(base::Code::unavailable, "rank 0 could not read its checkpoint")
                 : std::unexpected(found.error());
  }
  if (*found) {
    state = **std::move(found);
    say(fmt::format("resumed from epoch {}", state.epoch));
  }
  group.broadcast(std::as_writable_bytes(std::span(&state.epoch, 1)));
  group.broadcast(std::as_writable_bytes(std::span(state.parameters)));
  group.broadcast(std::as_writable_bytes(std::span(state.velocity)));
  return state;
}

/// Trains to the last epoch; rank 0 reports and saves each one.
base::Result<void> train(const digits::Group& group, const digits::Options& options,
                         const digits::Split& split, digits::Backend& backend,
                         digits::State state) {
  const digits::Settings& settings = options.settings;
  const digits::Share share{.rank = static_cast<std::size_t>(group.rank()),
                            .n_ranks = static_cast<std::size_t>(group.size())};
  while (state.epoch < settings.epochs) {
    const auto loss = digits::train_epoch(settings, split.train, share, backend, state);
    if (!loss) {
      return std::unexpected(loss.error());
    }
    if (!group.is_first()) {
      continue;
    }
    say(fmt::format("epoch {} loss {:.4f} accuracy {:.4f}", state.epoch, *loss,
                    digits::accuracy(settings.shape(), state.parameters, split.held_out)));
    if (!options.checkpoint.empty()) {
      if (auto saved = digits::save_checkpoint(options.checkpoint, settings, state); !saved) {
        return saved;
      }
    }
  }
  if (group.is_first()) {
    say(fmt::format("accuracy {:.4f}",
                    digits::accuracy(settings.shape(), state.parameters, split.held_out)));
  }
  return {};
}

/// Everything that can be wrong before training starts is agreed on by all ranks, so that all of
/// them end with the same status and each wrong one says why.
int run(const digits::Group& group, const digits::Options& options) {
  if (const auto size = group.check_size(); !size) {
    complain(group, size.error());
    return failed;
  }
  say(fmt::format("rank {} of {} host {} cores {}", group.rank(), group.size(), digits::host_name(),
                  digits::bound_cores()));
  const auto all_digits = digits::load_digits(options.data);
  if (!all_digits) {
    complain(group, all_digits.error());
  }
  if (!group.all(all_digits.has_value())) {
    return failed;
  }
  const auto split = digits::hold_out_every_fifth(*all_digits);
  auto state = starting_state(group, options);
  if (!state) {
    if (group.is_first()) {
      complain(group, state.error());
    }
    return failed;
  }
  const auto backend = digits::make_backend(group, options.settings.shape(), split.train);
  if (!backend) {
    complain(group, backend.error());
  }
  if (!group.all(backend.has_value())) {
    return failed;
  }
  if (auto trained = train(group, options, split, **backend, *std::move(state)); !trained) {
    // The others may wait for this rank in a reduction.
    complain(group, trained.error());
    group.abort(failed);
  }
  return 0;
}

int start(int argc, char** argv) {
  const auto options = digits::parse_options({argv + 1, argv + argc});
  if (options && options->help) {
    fmt::print("{}", digits::help_text());
    return 0;
  }
  const digits::Group group(argc, argv);
  if (!options) {
    if (group.is_first()) {
      complain(group, options.error().in("see 'digits --help'"));
    }
    return wrong_usage;
  }
  return run(group, *options);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return start(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "digits: {}\n", error.what());
    return failed;
  }
}
