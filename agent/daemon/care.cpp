#include "agent/daemon/care.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "agent/daemon/log_file.h"
#include "agent/daemon/site_programs.h"
#include "lib/base/overloaded.h"
#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/loop.h"
#include "lib/wire/agent.h"

namespace agentd {

namespace {

constexpr std::size_t condition_limit = std::size_t{1} << 20;
constexpr std::size_t log_shown = std::size_t{256} << 10;

std::string folder_in(const std::string& node_dir) {
  return node_dir + "/care";
}

/// A file that cannot be read says nothing: the node is prepared again.
agent::Caretaker::Known read_known(const std::string& folder) {
  agent::Caretaker::Known known;
  const auto bytes = loop::read_file(folder + "/condition", condition_limit);
  if (!bytes) return known;
  const auto message = wire::decode_from_agent(*bytes);
  if (!message) return known;
  if (const auto* said = std::get_if<model::ReportCondition>(&*message))
    known.condition = said->condition;
  known.setup_done = loop::read_file(folder + "/setup_done", condition_limit).value_or("");
  return known;
}

/// What a look at the GPUs found; nothing where there was none.
std::optional<std::vector<model::FailingGpu>> read_failing(const std::string& path) {
  const auto bytes = loop::read_file(path, condition_limit);
  if (!bytes) return std::nullopt;
  auto message = wire::decode_from_agent(*bytes);
  if (!message) return std::nullopt;
  auto* report = std::get_if<model::ReportCondition>(&*message);
  if (report == nullptr) return std::nullopt;
  return std::move(report->condition.gpus);
}

}  // namespace

std::unique_ptr<Care> Care::open(loop::Loop& loop, Options options, bool rebooted,
                                 const loop::Log& log, Events events) {
  const auto folder = folder_in(options.node_dir);
  // Where it is missing, steps fail and say so.
  if (const auto made = loop::make_directories(folder, 0700); !made)
    log.warn("condition_not_kept", {{"why", made.error().text}});
  auto known = rebooted ? agent::Caretaker::Known() : read_known(folder);
  std::unique_ptr<Care> care(
      new Care(loop, std::move(options), std::move(known), log, std::move(events)));
  if (rebooted) care->keep();
  care->steps_.sweep();
  return care;
}

Care::Care(loop::Loop& loop, Options options, agent::Caretaker::Known known, const loop::Log& log,
           Events events)
    : options_(std::move(options)),
      folder_(folder_in(options_.node_dir)),
      log_(log),
      events_(std::move(events)),
      caretaker_(std::move(known)),
      steps_(loop, folder_,
             [this](agent::StepEnd end) {
               if (!end.fault.empty()) log_.warn("care_failed", {{"how", end.fault}});
               end.gpus = read_failing(gpus_file());
               perform(caretaker_.ended(end, loop::now()));
             }),
      deadline_(loop, [this] { perform(caretaker_.tick(loop::now())); }) {}

void Care::want(const model::Welcome& welcome) {
  care_ = welcome.care;
  clock_.reset();
  if (welcome.now != base::Time()) {
    const auto here = loop::now();
    clock_ = ClockLook{.off = here - welcome.now, .at = here, .since = loop::Elapsed()};
  }
  perform(caretaker_.want(care_, loop::now()));
}

void Care::check(const model::CheckNode& request) {
  if (request.forget) {
    const auto noted = loop::write_file_atomic(folder_ + "/forget", "", {.mode = 0600});
    if (!noted) log_.warn("not_forgotten", {{"why", noted.error().text}});
  }
  perform(caretaker_.check(request.request, request.setup, loop::now()));
}

/// Also where this clock was set since: time itself goes on evenly.
base::Duration Care::clock_off() const {
  if (!clock_) return {};
  return clock_->off + ((loop::now() - clock_->at) - clock_->since.so_far());
}

void Care::perform(const std::vector<agent::CareAction>& actions) {
  std::optional<agent::StepEnd> too_long;
  for (const auto& action : actions) {
    std::visit(base::Overloaded{[this](const agent::RunStep& run) { perform(run); },
                                [&](const agent::StopStep& stop) {
                                  auto output = steps_.output();
                                  steps_.stop();
                                  if (!stop.fault.empty())
                                    too_long = {.fault = stop.fault, .output = std::move(output)};
                                },
                                [this](const agent::TellCondition&) {
                                  keep();
                                  const auto& now = caretaker_.condition();
                                  log_.info("condition", {{"fitness", model::to_text(now.fitness)},
                                                          {"why", now.reason}});
                                  events_.changed(now);
                                },
                                [this](const agent::AnswerCheck& answer) {
                                  events_.checked({answer.request, caretaker_.condition()});
                                }},
               action);
  }
  if (too_long) return perform(caretaker_.ended(*too_long, loop::now()));
  if (const auto at = caretaker_.next_deadline()) {
    deadline_.start(std::max(*at - loop::now(), base::Duration()));
  } else {
    deadline_.stop();
  }
}

void Care::perform(const agent::RunStep& action) {
  log_.info("care_begins", {{"step", agent::to_text(action.step)}});
  if (action.step == agent::CareStep::setup) keep();  // it is not done any more
  (void)unlink(gpus_file().c_str());                  // of an earlier look
  steps_.run(command_of(action));
}

StepCommand Care::command_of(const agent::RunStep& action) const {
  StepCommand command{
      .title = std::string(agent::to_text(action.step)),
      .program = "/bin/sh",
      .arguments = {"sh", "-c", action.command},
      .variables = {"MUSTER_NODE=" + options_.node, "MUSTER_POOL=" + care_.pool,
                    "MUSTER_CLUSTER=" + care_.cluster, "MUSTER_NODE_DIR=" + options_.node_dir}};
  if (action.step == agent::CareStep::mounts) {
    command.program = options_.nodeprep;
    command.arguments = {options_.nodeprep, "--mounts"};
    for (const auto& mount : care_.mounts) command.arguments.push_back("--mount=" + mount);
  }
  if (action.step != agent::CareStep::checks) return command;
  using std::chrono::duration_cast;
  const auto off_s = duration_cast<std::chrono::seconds>(clock_off()).count();
  command.program = options_.nodeprep;
  command.arguments = {options_.nodeprep,
                       "--check",
                       "--out=" + folder_,
                       "--name=" + options_.node,
                       fmt::format("--free-disk={}", care_.free_disk.count()),
                       fmt::format("--free-memory={}", care_.free_memory.count()),
                       fmt::format("--clock-off={}", off_s),
                       "--node=" + options_.node_dir + "/node"};
  if (care_.gpu_full_link) command.arguments.emplace_back("--gpu-full-link");
  return command;
}

/// The setup that was done is written last: without it the setup is run again.
void Care::keep() {
  const auto& done = caretaker_.setup_done();
  const auto path = folder_ + "/setup_done";
  if (done.empty()) (void)unlink(path.c_str());
  const model::ReportCondition report{caretaker_.condition()};
  const loop::WriteOptions options{.mode = 0600, .sync = false};
  auto kept = loop::write_file_atomic(folder_ + "/condition",
                                      wire::encode(model::FromAgent(report)), options);
  if (kept && !done.empty()) kept = loop::write_file_atomic(path, done, options);
  if (!kept) log_.warn("condition_not_kept", {{"why", kept.error().text}});
}

model::LogChunk Care::read_log(const model::NodeLogRead& request) const {
  auto bytes = steps_.log(log_shown) + agentd::read_log(site_log(options_.node_dir), log_shown);
  const auto size = bytes.size();
  return {.request = request.request,
          .bytes = std::move(bytes),
          .next_offset = size,
          .end = true,
          .error = {}};
}

}  // namespace agentd
