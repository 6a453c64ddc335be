// doctor: looks at nodes and the links between them, by a short job.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/api.h"
#include "cli/render/doctor.h"
#include "cli/render/json.h"
#include "cli/request/doctor_nodes.h"
#include "cli/request/node_values.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"
#include "lib/loop/secret.h"
#include "lib/model/host_list.h"
#include "lib/wire/api.h"
#include "lib/wire/doctor.h"

namespace cli {

namespace {

using namespace std::chrono_literals;

enum DoctorId {
  pool_id,
  nodelist_id,
  nodes_id,
  booking_id,
  time_id,
  wait_id,
  gpus_id,
  gpu_program_id
};

constexpr std::array doctor_table{
    options::Option{pool_id, "pool", 'p', "NAME", "Pool whose nodes are looked at. Left out: any."},
    options::Option{nodelist_id, "nodelist", 'w', "LIST",
                    "Look at these nodes, such as n[1-4],n7; busy ones are waited for. Left out: "
                    "all that can take work now."},
    options::Option{nodes_id, "nodes", 'N', "COUNT",
                    "Look at so many of the nodes. Left out: all."},
    options::Option{booking_id, "booking", 0, "NAME", "Use nodes that are booked under this name."},
    options::Option{time_id, "time", 't', "TIME",
                    "Longest time that the check may run, as for submit. Left out: 5m."},
    options::Option{wait_id, "wait", 0, "TIME",
                    "Longest time to wait for the nodes. Left out: 1m."},
    options::Option{gpus_id, "gpus", 0, "",
                    "Check GPUs too, on nodes that nobody else uses meanwhile: wrong results, "
                    "rates, and allreduces between them. Takes about a minute."},
    options::Option{gpu_program_id, "gpu-program", 0, "PROGRAM",
                    "What --gpus runs on each node. Left out: muster-gpucheck."},
    json_option,
    dir_option,
    help_option};

constexpr base::Duration default_time = 5min;
constexpr base::Duration default_wait = 1min;
constexpr base::Duration look_interval = 100ms;
constexpr base::Duration quiet_time = 500ms;  // a wait shorter than this is not spoken of
constexpr std::size_t token_bytes = 16;

/// Signals that end the command come out of wait() while this lives.
class Interrupts {
 public:
  Interrupts() {
    sigemptyset(&signals_);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals_, number);
    (void)sigprocmask(SIG_BLOCK, &signals_, &before_);
  }
  ~Interrupts() { (void)sigprocmask(SIG_SETMASK, &before_, nullptr); }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// The signal; nullopt: none came in this time.
  std::optional<int> wait(base::Duration time) const {
    const timespec limit{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(time).count()};
    const int number = sigtimedwait(&signals_, nullptr, &limit);
    return number > 0 ? std::optional(number) : std::nullopt;
  }

 private:
  sigset_t signals_{};
  sigset_t before_{};
};

struct Wish {
  request::DoctorWish nodes;
  base::Duration time = default_time;
  base::Duration wait = default_wait;
  std::string gpu_program;  // empty: GPUs are not checked
};

std::string text_of(const options::Parsed& line, int id) {
  const auto* given = options::find(line, id);
  return given == nullptr ? std::string() : given->value;
}

Try<base::Duration> time_of(const options::Parsed& line, int id, base::Duration otherwise) {
  const auto* given = options::find(line, id);
  if (given == nullptr) return otherwise;
  const auto time = base::parse_time_limit(given->value);
  if (!time) return misuse(time.error().in(given->written).text);
  if (*time && **time > base::Duration()) return **time;
  return misuse(fmt::format("{}: expected a time above 0, such as 90s", given->written));
}

Try<Wish> wish_of_doctor(const options::Parsed& line) {
  if (!line.rest.empty()) {
    return misuse(fmt::format("expected no '{}'; nodes: --nodelist {}", line.rest.front(),
                              line.rest.front()));
  }
  Wish wish;
  wish.nodes.pool = text_of(line, pool_id);
  wish.nodes.booking = text_of(line, booking_id);
  if (const auto* given = options::find(line, nodelist_id)) {
    auto names = request::node_names_from_text(given->value);
    if (!names) return misuse(names.error().in(given->written).text);
    wish.nodes.names = *std::move(names);
  }
  if (const auto* given = options::find(line, nodes_id)) {
    const auto count = base::parse_int(given->value, 1, 1'000'000);
    if (!count) {
      return misuse(fmt::format("{}: expected a whole number from 1, found '{}'", given->written,
                                base::printable(given->value)));
    }
    wish.nodes.count = static_cast<int>(*count);
  }
  wish.nodes.gpus = options::has(line, gpus_id);
  if (wish.nodes.gpus) wish.gpu_program = "muster-gpucheck";
  if (const auto* given = options::find(line, gpu_program_id)) {
    if (!wish.nodes.gpus || given->value.empty()) {
      return misuse(fmt::format("{}: expected a program, beside --gpus", given->written));
    }
    wish.gpu_program = given->value;
  }
  const auto time = time_of(line, time_id, default_time);
  if (!time) return std::unexpected(time.error());
  const auto wait = time_of(line, wait_id, default_wait);
  if (!wait) return std::unexpected(wait.error());
  wish.time = *time;
  wish.wait = *wait;
  wish.nodes.until = loop::now() + wish.time;
  return wish;
}

Try<std::vector<model::NodeRecord>> nodes_now(const Api& api) {
  const auto body = api.get("/v1/nodes");
  if (!body) return std::unexpected(body.error());
  auto nodes = wire::nodes_from_json(*body);
  if (!nodes) return refuse(nodes.error());
  return *std::move(nodes);
}

Try<request::DoctorNodes> nodes_for(const Api& api, const Wish& wish) {
  const auto nodes = nodes_now(api);
  if (!nodes) return std::unexpected(nodes.error());
  const auto bookings_body = api.get("/v1/bookings");
  if (!bookings_body) return std::unexpected(bookings_body.error());
  const auto bookings = wire::bookings_from_json(*bookings_body);
  if (!bookings) return refuse(bookings.error());
  auto chosen = request::choose_nodes(wish.nodes, *nodes, *bookings);
  if (!chosen) return refuse(chosen.error());
  return *std::move(chosen);
}

Try<model::JobSpec> spec_of(const Wish& wish, const request::DoctorNodes& nodes) {
  const auto here = present_directory();
  if (!here) return refuse(here.error());
  model::JobSpec spec;
  spec.name = "doctor";
  spec.pool = wish.nodes.pool;
  spec.token = loop::random_hex(token_bytes);
  spec.shape.nodes = wish.nodes.count.value_or(static_cast<int>(nodes.chosen.size()));
  spec.shape.tasks_per_node = 1;
  spec.choice.only = nodes.chosen;
  std::ranges::sort(spec.choice.only);
  spec.choice.booking = wish.nodes.booking;
  spec.time_limit = wish.time;
  spec.requeue = false;
  spec.arguments = {"muster", "run", "--", "muster-doctor"};
  if (wish.nodes.gpus) {
    spec.shape.whole_nodes = true;  // checks would disturb others, and be disturbed
    spec.arguments.insert(spec.arguments.end(), {"--gpus", wish.gpu_program});
  }
  spec.environment = environment();
  // What these say here is of another job, and would win.
  for (const auto* name : {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}) {
    spec.environment.erase(name);
  }
  spec.work_dir = *here;
  spec.output = "/dev/null";  // the report comes from the nodes' own records
  return spec;
}

Try<model::JobId> submit(const Api& api, const model::JobSpec& spec) {
  const auto body = wire::to_json(spec);
  if (!body) return refuse(body.error());
  const auto reply = api.post("/v1/jobs", *body);
  if (!reply) return std::unexpected(reply.error());
  const auto submitted = wire::submit_reply_from_json(*reply);
  if (!submitted) return refuse(submitted.error());
  return submitted->job;
}

void cancel(const Api& api, model::JobId job) {
  const auto done = api.post(job_target({job}, "/cancel"), "{}");
  if (!done) print_error(fmt::format("muster doctor: {}\n", done.error().text));
}

Try<model::JobRecord> record_of(const Api& api, model::JobId job) {
  const auto body = api.get(job_target({job}));
  if (!body) return std::unexpected(body.error());
  auto record = wire::job_record_from_json(*body);
  if (!record) return refuse(record.error());
  return *std::move(record);
}

/// Names of those whose agents the controller does not hear.
std::vector<std::string> silent_nodes(const Api& api) {
  std::vector<std::string> silent;
  const auto nodes = nodes_now(api);
  if (!nodes) return silent;  // whoever asks next says what is wrong
  for (const auto& node : *nodes) {
    if (node.state == model::NodeState::away || node.state == model::NodeState::lost)
      silent.push_back(node.info.name);
  }
  return silent;
}

/// The controller waits for agents that may never answer: for as long as nodes.lost_after says.
void tell_of_silent(const Api& api, std::string& told) {
  const auto silent = silent_nodes(api);
  if (silent.empty()) return;
  const auto names = model::compress_hosts(silent);
  if (names == told) return;
  print_error(
      fmt::format("muster doctor: the agent of {} does not answer; it is waited for\n", names));
  told = names;
}

/// Until the job has ended; says why it waits. A signal, or too long a wait, cancels it.
Try<model::JobRecord> follow(const Api& api, model::JobId job, base::Duration longest_wait,
                             const Interrupts& interrupts) {
  const loop::Elapsed since;
  std::string told;
  for (;;) {
    auto record = record_of(api, job);
    if (!record || record->ended_at) return record;
    if (record->state == model::JobState::waiting) {
      auto why = wire::summary_of(*record);
      if (since.so_far() > longest_wait) {
        cancel(api, job);
        return refuse(fmt::format("its job {} did not start within {} (--wait): {}", to_text(job),
                                  base::to_text(longest_wait), why));
      }
      if (why != told && since.so_far() > quiet_time) {
        print_error(fmt::format("muster doctor: job {} waits: {}\n", to_text(job), why));
        told = std::move(why);
      }
    }
    if (record->state == model::JobState::running || record->state == model::JobState::ending)
      tell_of_silent(api, told);
    if (const auto number = interrupts.wait(look_interval)) {
      cancel(api, job);
      return std::unexpected(
          Problem{.exit_code = exit_signal_base + *number,
                  .text = fmt::format("interrupted; job {} is cancelled", to_text(job))});
    }
  }
}

/// The line of the first rank that is the report.
Try<model::DoctorReport> report_of(const Api& api, const model::JobRecord& record) {
  const auto log = api.get(job_target({record.job}, "/logs?follow=false&rank=0&step=0"));
  if (log) {
    for (const auto line : base::split(*log, '\n')) {
      if (!line.starts_with('{')) continue;
      auto report = wire::doctor_report_from_json(line);
      if (!report) return refuse(report.error());
      return *std::move(report);
    }
  }
  const auto job = to_text(record.job);
  return refuse(fmt::format("job {} made no report: {}; see muster logs {} and muster why {}", job,
                            wire::summary_of(record), job, job));
}

/// What the nodes themselves cannot know.
void complete(model::DoctorReport& report, const request::DoctorNodes& nodes,
              const model::JobRecord& record) {
  report.left_out = nodes.left_out;
  const auto used = model::node_names(record.allocation);
  for (const auto& name : nodes.chosen) {
    if (std::ranges::count(used, name) == 0) {
      report.left_out.push_back({name, "more than --nodes asks for"});
    }
  }
  report.findings.insert(report.findings.end(), nodes.findings.begin(), nodes.findings.end());
}

/// A rank that no agent has started is not missed for the network's sake.
void explain_silent(model::DoctorReport& report, const std::vector<std::string>& silent) {
  for (auto& finding : report.findings) {
    if (std::ranges::count(silent, finding.where) == 0) continue;
    finding.advice =
        "its agent does not answer: look at the machine, then at its agent and its log";
  }
}

Outcome doctor(const options::Parsed& line) {
  const auto wish = wish_of_doctor(line);
  if (!wish) return std::unexpected(wish.error());
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto nodes = nodes_for(*api, *wish);
  if (!nodes) return std::unexpected(nodes.error());
  const auto spec = spec_of(*wish, *nodes);
  if (!spec) return std::unexpected(spec.error());
  const Interrupts interrupts;  // from here on there is a job to be cancelled
  const auto job = submit(*api, *spec);
  if (!job) return std::unexpected(job.error());
  const auto record = follow(*api, *job, wish->wait, interrupts);
  if (!record) return std::unexpected(record.error());
  auto report = report_of(*api, *record);
  if (!report) return std::unexpected(report.error());
  complete(*report, *nodes, *record);
  explain_silent(*report, silent_nodes(*api));
  if (options::has(line, json_id)) {
    const auto text = render::pretty(wire::to_json(*report));
    if (!text) return refuse(text.error());
    print(*text);
  } else {
    print(render::doctor_report(*report));
  }
  return report->findings.empty() ? exit_done : exit_refused;
}

}  // namespace

constinit const Verb doctor_verb{
    "doctor",
    "[OPTIONS]",
    "Look at nodes and the links between them.",
    "Runs a short job with one rank on each node that can take work now; the report names the "
    "others. The ranks form a ring and measure latency and bandwidth of each link, sum up known "
    "numbers, and look at clock, name, free space, limits, binding and MPI libraries of their "
    "node. What is wrong is said with what was expected and what to do; muster-doctor(1) has the "
    "thresholds.\n"
    "Exits with 0 when all is well, and with 1 when something was found. Interrupted, it cancels "
    "its job.",
    [] { return std::span<const options::Option>(doctor_table); },
    options::Operands::anywhere,
    doctor};

}  // namespace cli
