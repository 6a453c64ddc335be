// pool: changes the size of a pool, or has it try again.

#include <fmt/format.h>

#include <array>
#include <optional>

#include "cli/api.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/model/pool.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

enum PoolId { min_id, max_id, auto_id, idle_id, busy_id };

constexpr std::array pool_table{
    options::Option{min_id, "min", 0, "COUNT", "Nodes that are there at all times."},
    options::Option{max_id, "max", 0, "COUNT",
                    "Most nodes, up to max_nodes of the pool in muster.toml(5)."},
    options::Option{auto_id, "auto", 0, "", "Forget what was set before: as muster.toml says."},
    options::Option{idle_id, "idle-timeout", 0, "TIME",
                    "A node beyond the fewest goes when it was idle for so long: 90s, 10m."},
    options::Option{busy_id, "when-busy", 0, "WAY",
                    "What becomes of the jobs of nodes that go at once: wait (they end first; the "
                    "default), requeue (they are ended and wait again), terminate (they are ended "
                    "for good)."},
    dir_option,
    help_option};

constexpr int most_nodes = 1'000'000;

Try<std::optional<int>> count_of(const options::Parsed& line, int id) {
  const auto* given = options::find(line, id);
  if (given == nullptr) return std::nullopt;
  const auto number = base::parse_int(given->value, 0, most_nodes);
  if (!number)
    return misuse(fmt::format("{}: expected a number of nodes, found '{}'", given->written,
                              base::printable(given->value)));
  return static_cast<int>(*number);
}

/// "scale N", "resume", or nothing.
Try<void> take_word(const options::Parsed& line, model::PoolChange& change) {
  if (line.rest.empty()) return misuse("expected the name of a pool");
  change.pool = line.rest.front();
  if (line.rest.size() == 1) return {};
  const auto& word = line.rest[1];
  if (word == "resume" && line.rest.size() == 2) {
    change.resume = true;
    return {};
  }
  if (word != "scale" || line.rest.size() != 3) {
    return misuse(fmt::format("expected 'scale COUNT' or 'resume' after the name, found '{}'",
                              base::printable(word)));
  }
  const auto number = base::parse_int(line.rest[2], 0, most_nodes);
  if (!number)
    return misuse(fmt::format("scale: expected a number of nodes, found '{}'",
                              base::printable(line.rest[2])));
  change.nodes = static_cast<int>(*number);
  return {};
}

Try<model::PoolChange> change_of(const options::Parsed& line) {
  model::PoolChange change;
  if (auto taken = take_word(line, change); !taken) return std::unexpected(taken.error());
  const auto least = count_of(line, min_id);
  if (!least) return std::unexpected(least.error());
  const auto most = count_of(line, max_id);
  if (!most) return std::unexpected(most.error());
  change.least = *least;
  change.most = *most;
  change.is_auto = options::has(line, auto_id);
  if (const auto* given = options::find(line, idle_id)) {
    const auto time = base::parse_duration(given->value);
    if (!time) return misuse(time.error().in(given->written).text);
    change.idle_timeout = *time;
  }
  if (const auto* given = options::find(line, busy_id)) {
    change.when_busy = model::when_busy_from_text(given->value);
    if (!change.when_busy)
      return misuse(fmt::format("{}: expected wait, requeue or terminate, found '{}'",
                                given->written, base::printable(given->value)));
  }
  const bool has_bounds = change.least || change.most;
  if (change.nodes && (has_bounds || change.is_auto))
    return misuse("scale sets both bounds; leave out --min, --max and --auto");
  if (change.is_auto && has_bounds)
    return misuse("--auto forgets the bounds that were set; leave out --min and --max");
  const bool is_any =
      change.nodes || has_bounds || change.is_auto || change.resume || change.idle_timeout;
  if (!is_any)
    return misuse("expected scale COUNT, resume, --min, --max, --auto or --idle-timeout");
  return change;
}

Outcome pool(const options::Parsed& line) {
  const auto change = change_of(line);
  if (!change) return std::unexpected(change.error());
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto done = api->post("/v1/pools/change", wire::to_json(*change));
  if (!done) return std::unexpected(done.error());
  return exit_done;
}

}  // namespace

constinit const Verb pool_verb{
    "pool",
    "NAME scale COUNT [--when-busy WAY]\nNAME [OPTIONS]\nNAME --auto\nNAME resume",
    "Change the size of a pool.",
    "What is set stands until it is set again, or --auto is given; a start of musterd does not "
    "change it. Of nodes that are too many, those go first that are not there yet, then idle ones, "
    "then those whose jobs lose least.\nresume has a pool try again that could not get nodes. "
    "See muster pools. For root and the owner of the cluster.",
    [] { return std::span<const options::Option>(pool_table); },
    options::Operands::anywhere,
    pool};

}  // namespace cli
