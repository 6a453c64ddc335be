#include "cli/compat/filter_options.h"

#include <unistd.h>

#include <utility>

#include "cli/compat/slurm_states.h"
#include "lib/model/host_list.h"

namespace cli {

Try<compat::JobFilter> read_filter(const options::Parsed& line, const FilterIds& ids) {
  compat::JobFilter filter{.users = compat::words_of(value_of(line, ids.users)),
                           .names = compat::words_of(value_of(line, ids.names)),
                           .partitions = compat::words_of(value_of(line, ids.partitions)),
                           .accounts = compat::words_of(value_of(line, ids.accounts)),
                           .classes = compat::words_of(value_of(line, ids.classes)),
                           .booking = value_of(line, ids.booking)};
  if (options::has(line, ids.own_jobs)) filter.users = {std::to_string(::getuid())};
  auto jobs = compat::named_jobs(value_of(line, ids.jobs));
  if (!jobs) return refuse(jobs.error());
  filter.jobs = *std::move(jobs);
  if (const auto* given = options::find(line, ids.nodes)) {
    auto nodes = model::expand_hosts(given->value);
    if (!nodes) return refuse(nodes.error());
    filter.nodes = *std::move(nodes);
  }
  if (const auto* given = options::find(line, ids.states)) {
    auto states = compat::states_from_text(given->value);
    if (!states) return refuse(states.error());
    filter.states = *std::move(states);
  }
  return filter;
}

std::string value_of(const options::Parsed& line, int id) {
  const auto* given = options::find(line, id);
  return given != nullptr ? given->value : std::string();
}

}  // namespace cli
