#include "launcher/exec/step.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "launcher/exec/end_signal.h"
#include "launcher/exec/free_port.h"
#include "launcher/exec/hang_guard.h"
#include "launcher/exec/head.h"
#include "launcher/exec/input_pipe.h"
#include "launcher/exec/launch.h"
#include "launcher/exec/launch_log.h"
#include "launcher/exec/meters.h"
#include "launcher/exec/network.h"
#include "launcher/exec/peer_link.h"
#include "launcher/exec/pmi1_sockets.h"
#include "launcher/exec/pmix_need.h"
#include "launcher/exec/processes.h"
#include "launcher/exec/pseudo_terminal.h"
#include "launcher/exec/rank_fates.h"
#include "launcher/exec/rank_looks.h"
#include "launcher/exec/rank_server.h"
#include "launcher/exec/session_dir.h"
#include "launcher/exec/step_files.h"
#include "launcher/map/environment.h"
#include "launcher/map/placement.h"
#include "launcher/map/rank_roles.h"
#include "launcher/map/slurm_environment.h"
#include "launcher/map/step_nodes.h"
#include "launcher/map/step_output.h"
#include "launcher/map/verdict.h"
#include "lib/base/overloaded.h"
#include "lib/base/text.h"
#include "lib/loop/loop.h"
#include "lib/loop/owned_fd.h"
#include "lib/loop/timer.h"
#include "lib/wire/log_record.h"
#include "lib/wire/map_line.h"

namespace exec {

namespace {

// For the other nodes to be through, too: less than an agent waits after the kill grace.
constexpr base::Duration parting_time = std::chrono::seconds(2);

class Step {
 public:
  explicit Step(Launch& launch);

  model::LaunchReport run();

 private:
  base::Result<void> set_up();
  base::Result<void> open_link();
  base::Result<void> open_input();
  void begin();
  void meet(std::string lines);
  void start_all();
  void start_ranks();
  base::Result<void> start_process(const mapping::RankPlace& rank);
  base::Result<void> start_rank(const mapping::RankPlace& rank);
  base::Result<Command> command_of(const mapping::RankPlace& rank);
  void forward(int process, model::OutputStream stream, std::string_view bytes);
  bool keep(const model::RankOutput& output);
  std::optional<model::Failure> complete_files();
  model::Failure output_failure(const base::Error& why) const;
  void rank_ended(int process, const loop::ExitStatus& status);
  void end_servers();
  void start_watching();
  void take_hung(const model::StepHung& hung);
  void keep_stacks(const std::vector<std::string>& texts);
  void fail(model::Failure failure);
  void fail_rank(std::size_t process, model::Failure failure);
  void end_by(const model::Failure& why);
  void receive(model::HeadMessage message);
  void take_fence(const model::Fence& fence);
  void take_input(const model::RankInput& input);
  void take_addresses(const std::string& lines);
  void ranks_finished();
  void finish();
  void told_to_end();
  void wait_less();
  model::LaunchReport report() const;
  RankEvents rank_events();

  loop::Loop loop_;
  Launch& launch_;
  mapping::Placement placement_;
  mapping::RankRoles roles_;
  RankFates fates_;
  std::optional<model::Failure> failure_;
  std::optional<SessionDir> session_;
  std::optional<LaunchLog> log_;
  StepFiles files_;
  std::optional<PseudoTerminal> terminal_;
  std::optional<InputPipe> input_;  // of rank 0, on its node
  loop::OwnedFd nothing_;
  std::unique_ptr<HeadLink> link_;
  RankServer server_;
  Pmi1Sockets pmi1_;
  Processes processes_;
  std::optional<HangGuard> hang_guard_;  // of a step that has a limit for that
  std::optional<model::Failure> hang_;   // the stacks are being saved
  std::optional<RankLooks> looks_;
  Meters meters_{loop_, launch_, processes_};
  EndSignal end_signal_;
  std::optional<HeldPorts> held_ports_;  // until all nodes have chosen theirs
  bool was_told_to_end_ = false;
  loop::Timer parting_;  // when it was
  bool is_starting_ = true;
  bool is_finished_ = false;  // no process is left
  bool is_through_ = false;   // all ranks of this node have ended, and are judged
};

Step::Step(Launch& launch)
    : launch_(launch),
      roles_(launch.order),
      fates_(loop_, launch.order,
             {.failed = [this](std::size_t process,
                               auto failure) { fail_rank(process, std::move(failure)); },
              .failed_elsewhere = [this](auto failure) { fail(std::move(failure)); },
              .send = [this](auto message) { link_->send(std::move(message)); },
              .settled = [this] { finish(); }}),
      nothing_(open("/dev/null", O_RDONLY | O_CLOEXEC)),
      server_(loop_, rank_events()),
      pmi1_(loop_, launch.order, rank_events()),
      processes_(loop_, launch.dir, launch.group ? &*launch.group : nullptr,
                 launch.order.kill_grace,
                 {.output = [this](int process, auto stream,
                                   auto bytes) { forward(process, stream, bytes); },
                  .ended = [this](int process, const auto& status) { rank_ended(process, status); },
                  .finished = [this] { ranks_finished(); }}),
      end_signal_(loop_, [this] { told_to_end(); }),
      parting_(loop_, [this] { loop_.stop(); }) {}

/// The same from both servers: a rank uses one of them, and neither knows of the other.
RankEvents Step::rank_events() {
  return {.send = [this](model::HeadMessage message) { link_->send(std::move(message)); },
          .connected =
              [this](int rank) {
                if (hang_guard_) hang_guard_->connected(fates_.place_of(rank));
                fates_.connected(rank);
              },
          .finalized = [this](int rank) { fates_.finalized(rank); },
          .aborted =
              [this](int rank, int code) {
                model::Failure failure;
                failure.cause = model::Cause::aborted;
                failure.code = code;
                fail_rank(fates_.place_of(rank), std::move(failure));
              },
          .refused =
              [this](int rank, std::string why) {
                model::Failure failure;
                failure.cause = model::Cause::refused;
                failure.text = std::move(why);
                fail_rank(fates_.place_of(rank), std::move(failure));
              }};
}

model::LaunchReport Step::run() {
  loop_.hold();
  auto linked = open_link();
  if (!linked) {
    failure_ =
        failure_of(launch_.order, model::Cause::cannot_start, std::move(linked).error().text);
    return report();
  }
  if (auto ready = set_up(); ready) {
    begin();
  } else {
    fail(failure_of(launch_.order, model::Cause::cannot_start, std::move(ready).error().text));
  }
  end_signal_.heed();
  loop_.run();
  loop_.release();
  return report();
}

base::Result<void> Step::open_link() {
  LinkEvents events{.message = [this](model::HeadMessage message) { receive(std::move(message)); },
                    .lost =
                        [this](std::string why) {
                          if (is_through_) return;
                          model::Failure lost =
                              failure_of(launch_.order, model::Cause::peer_lost, std::move(why));
                          lost.node =
                              launch_.order.allocation
                                  .nodes[static_cast<std::size_t>(model::head_index(launch_.order))]
                                  .name;
                          end_by(lost);
                        },
                    .full =
                        [this](bool is_full) {
                          if (is_full) {
                            processes_.pause_output();
                          } else {
                            processes_.resume_output();
                          }
                        },
                    .keep = [this](const model::RankOutput& output) { return keep(output); },
                    .complete = [this] { return complete_files(); }};
  if (launch_.order.node_index != model::head_index(launch_.order)) {
    link_ = std::make_unique<PeerLink>(loop_, launch_.order, std::move(events));
    return {};
  }
  auto head = Head::open(loop_, launch_.dir, launch_.order, std::move(events));
  if (!head) return std::unexpected(head.error());
  link_ = std::move(*head);
  return {};
}

base::Result<void> Step::set_up() {
  auto log = LaunchLog::open(launch_.dir, launch_.order.log_limit);
  if (!log) return std::unexpected(log.error());
  log_.emplace(std::move(*log));
  auto placement = mapping::map_ranks(launch_.order, launch_.topology);
  if (!placement) return std::unexpected(placement.error());
  placement_ = std::move(*placement);
  fates_.begin(placement_);
  if (launch_.order.step->map_only) return {};
  auto files = StepFiles::open(launch_.order);
  if (!files) return std::unexpected(files.error());
  files_ = std::move(*files);
  auto session = SessionDir::make(launch_.dir, launch_.place.session_root);
  if (!session) return std::unexpected(session.error());
  session_.emplace(std::move(*session));
  if (placement_.ranks.front().rank == 0) {
    if (auto opened = open_input(); !opened) return opened;
  }
  if (needs_pmix(launch_)) {
    auto started = server_.start(launch_, placement_, session_->path());
    if (!started) return started;
  }
  const auto& environment = launch_.order.step->environment;
  const auto home = environment.find("HOME");
  launch_.place.session_dir = session_->path();
  launch_.place.has_pmix = server_.is_running();
  launch_.place.pml = open_mpi_pml(home == environment.end() ? "" : home->second);
  return {};
}

base::Result<void> Step::open_input() {
  if (const auto& size = launch_.order.step->terminal) {
    auto terminal = PseudoTerminal::open(*size);
    if (!terminal) return std::unexpected(terminal.error());
    terminal_.emplace(std::move(*terminal));
    auto screen = terminal_->screen();
    if (!screen) return std::unexpected(screen.error());
    input_.emplace(InputPipe::to(loop_, std::move(*screen)));
  } else {
    auto input = InputPipe::open(loop_);
    if (!input) return std::unexpected(input.error());
    input_.emplace(std::move(*input));
  }
  input_->on_drained([this] { link_->hold_input(false); });
  return {};
}

/// Ranks with roles are told where all others may listen: that is found out first. And no rank
/// starts before all nodes have opened their files of the step's output.
void Step::begin() {
  const auto& order = launch_.order;
  if (order.step->map_only) return start_all();
  if (!roles_.are_there()) return mapping::has_files(*order.step) ? meet("") : start_all();
  // Steps of a job that start at once look at different ports, and none at the job's meeting point.
  const auto seed = order.key.job.number() * std::uint64_t{31} + order.key.attempt +
                    std::uint64_t{101} * (order.key.step->number() + 1);
  auto ports = HeldPorts::take(seed, placement_.ranks.size());
  if (!ports) {
    return fail(failure_of(order, model::Cause::cannot_start, std::move(ports).error().text));
  }
  held_ports_.emplace(std::move(*ports));
  std::string lines;
  for (const auto port : held_ports_->numbers()) lines += mapping::own_address(order, port) + "\n";
  meet(std::move(lines));
}

/// Starts the ranks when all nodes have said theirs.
void Step::meet(std::string lines) {
  link_->send(model::Fence{.ranks = {},
                           .number = 0,
                           .data = std::move(lines),
                           .protocol = model::FenceProtocol::address});
}

void Step::take_addresses(const std::string& lines) {
  if (!is_starting_) return;
  for (const auto line : base::split(lines, '\n')) {
    if (!line.empty()) launch_.place.addresses.emplace_back(line);
  }
  start_all();
}

void Step::start_all() {
  is_starting_ = false;
  held_ports_.reset();
  if (!launch_.order.step->map_only) start_watching();
  start_ranks();
  processes_.complete();
}

void Step::start_watching() {
  meters_.start();
  const auto send = [this](model::HeadMessage message) { link_->send(std::move(message)); };
  const auto mains = [this] { return processes_.mains(); };
  if (mapping::n_ranks(launch_.order) > 1)
    looks_.emplace(loop_, placement_, fates_.lives(), launch_.order.step->start_up,
                   RankLooks::Doors{.send = send, .mains = mains});
  const auto limit = model::hang_limit_of(*launch_.order.job, *launch_.order.step);
  if (!limit.is_on()) return;
  hang_guard_.emplace(
      loop_, limit, placement_, fates_.lives(),
      HangGuard::Doors{.send = send,
                       .mains = mains,
                       .is_output_held = [this] { return processes_.is_paused(); },
                       .tool_started = [this](pid_t pid) { processes_.adopt(pid); }});
}

void Step::start_ranks() {
  for (const auto& rank : placement_.ranks) {
    auto started = start_rank(rank);
    if (started) continue;
    model::Failure failure =
        failure_of(launch_.order, model::Cause::cannot_start, std::move(started).error().text);
    failure.rank = rank.rank;
    fail(std::move(failure));
    break;
  }
  if (input_) input_->close_reader();
  if (terminal_) terminal_->close_line();
}

base::Result<void> Step::start_process(const mapping::RankPlace& rank) {
  auto command = command_of(rank);
  if (!command) return std::unexpected(command.error());
  const auto pmi1 = pmi1_.open(rank.rank);
  if (!pmi1) return std::unexpected(pmi1.error());
  command->kept = pmi1->get();
  if (*pmi1) command->environment["PMI_FD"] = std::to_string(command->kept);
  if (!terminal_) return processes_.start(std::move(*command));
  auto screen = terminal_->screen();
  if (!screen) return std::unexpected(screen.error());
  command->input = terminal_->line();
  return processes_.start(std::move(*command), std::move(*screen));
}

base::Result<void> Step::start_rank(const mapping::RankPlace& rank) {
  if (!launch_.order.step->map_only) {
    if (auto started = start_process(rank); !started) return started;
  }
  model::RankPlaced placed{.rank = rank.rank,
                           .node = node_name(launch_.order),
                           .cpus = to_text(rank.cpus),
                           .gpus = to_text(rank.gpus),
                           .numa = to_text(rank.numa),
                           .unbound = placement_.unbound,
                           .role = roles_.name_of(rank.rank),
                           .nic = rank.nic};
  if (auto kept = log_->append(wire::map_rank, model::OutputStream::out, wire::to_map_line(placed));
      !kept) {
    launch_.dir.note(kept.error().text);
  }
  link_->send(std::move(placed));
  return {};
}

base::Result<Command> Step::command_of(const mapping::RankPlace& rank) {
  const auto& step = *launch_.order.step;
  Command command{.arguments = step.arguments, .container = container_of(launch_)};
  if (roles_.are_there() && !roles_.role_of(rank.rank).command.empty())
    command.arguments = {"/bin/sh", "-c", roles_.role_of(rank.rank).command};
  if (command.arguments.empty()) {
    return base::fail(base::Code::invalid, "the step has no program to run");
  }
  command.own_number = mapping::slurm_pid_variable;
  command.directory = step.work_dir;
  command.cpus = rank.cpus;
  command.mem_bind = step.binding.mem_bind;
  command.memory = rank.numa;
  command.input = rank.rank == 0 && input_ ? input_->reader() : nothing_.get();
  command.environment = mapping::environment_of_rank(launch_.order, launch_.topology, launch_.place,
                                                     placement_, rank);
  auto of_server = server_.environment_of(rank.rank);
  if (!of_server) return std::unexpected(of_server.error());
  for (auto& [name, value] : *of_server) command.environment[name] = std::move(value);
  return command;
}

void Step::forward(int process, model::OutputStream stream, std::string_view bytes) {
  const int rank = placement_.ranks[static_cast<std::size_t>(process)].rank;
  if (auto kept = log_->append(rank, stream, bytes); !kept) launch_.dir.note(kept.error().text);
  if (hang_guard_) hang_guard_->wrote(static_cast<std::size_t>(process));
  model::RankOutput output{.rank = rank, .stream = stream, .bytes = std::string(bytes)};
  if (!keep(output)) link_->send(std::move(output));
}

/// Writes output that goes to a file of this node.
bool Step::keep(const model::RankOutput& output) {
  const auto kept = files_.write(output);
  if (kept) return *kept;
  loop_.post([this, failure = output_failure(kept.error())] { fail(failure); });
  return true;
}

std::optional<model::Failure> Step::complete_files() {
  const auto written = files_.finish();
  if (written) return std::nullopt;
  auto failure = output_failure(written.error());
  if (!failure_) failure_ = failure;
  return failure;
}

/// The step goes no further: its work would be lost unseen.
model::Failure Step::output_failure(const base::Error& why) const {
  launch_.dir.note(why.text);
  return failure_of(launch_.order, model::Cause::output_lost, why.text);
}

/// What the rank told its PMIx server before its end is already in the loop's queue, and what it
/// told its PMI-1 server is in its socket: it is judged after that.
void Step::rank_ended(int process, const loop::ExitStatus& status) {
  loop_.post([this, place = static_cast<std::size_t>(process), status] {
    pmi1_.drain(placement_.ranks[place].rank);
    fates_.ended(place, status, meters_.gpu_use(placement_.ranks[place].gpus),
                 [this] { return launch_.group && launch_.group->ran_out_of_memory(); });
  });
}

void Step::end_servers() {
  fates_.let_servers_end();
  processes_.end();
  finish();
}

void Step::fail_rank(std::size_t process, model::Failure failure) {
  failure.step = launch_.order.key.step;
  failure.node = node_name(launch_.order);
  failure.rank = placement_.ranks[process].rank;
  if (failure.cause == model::Cause::out_of_memory) failure.text = launch_.group->memory_text();
  const bool has_code = failure.cause == model::Cause::exit_code;
  if (has_code && launch_.group && launch_.group->ran_out_of_memory()) {
    failure.text = "the kernel killed a process of the step there for lack of memory: " +
                   launch_.group->memory_text();
  }
  fail(std::move(failure));
}

/// The first failure here ends the ranks here at once; the head is told, and decides whether it is
/// the first of the step.
void Step::fail(model::Failure failure) {
  if (failure_) return;
  end_by(failure);
  link_->send(model::NodeEnded{.node_index = launch_.order.node_index,
                               .exit_code = exit_code_of(failure),
                               .failure = std::move(failure)});
}

void Step::end_by(const model::Failure& why) {
  failure_ = why;
  fates_.fall_silent();
  if (terminal_) processes_.signal(SIGHUP);  // a shell that talks to somebody does not heed TERM
  if (looks_) looks_->finish();
  hang_guard_.reset();
  processes_.end();
  if (std::exchange(is_starting_, false)) processes_.complete();
}

void Step::receive(model::HeadMessage message) {
  std::visit(base::Overloaded{
                 [this](const model::Fence& fence) { take_fence(fence); },
                 [this](const model::NameReply& reply) { pmi1_.take(reply); },
                 [this](const model::ModexRequest& request) { server_.take(request); },
                 [this](model::ModexReply& reply) { server_.take(std::move(reply)); },
                 [this](const model::RankInput& input) { take_input(input); },
                 [this](const model::WindowSize& size) {
                   if (terminal_) terminal_->resize(size);
                 },
                 [this](const model::EndServers&) { end_servers(); },
                 [this](const model::RankAbsent& absent) { fates_.take(absent); },
                 [this](const model::StepHung& hung) { take_hung(hung); },
                 [this](const model::EndStep& end) {
                   // Another node has saved its stacks; this one goes on with its own.
                   if (!hang_ || failure_ || end.why != *hang_) end_by(end.why);
                 },
                 [this](const model::StepSignal& signal) { processes_.signal(signal.number); },
                 [](const auto&) {},  // not the head's to send
             },
             message);
}

/// A node without ranks has nothing to save, and hears of the end as it does of any.
void Step::take_hung(const model::StepHung& hung) {
  if (failure_ || is_finished_ || !hang_guard_) return;
  hang_ = hung.why;
  const auto& environment = launch_.order.step->environment;
  const auto path = environment.find("PATH");
  hang_guard_->save_stacks(node_name(launch_.order),
                           path == environment.end() ? "/usr/bin:/bin" : path->second,
                           [this](const auto& texts) { keep_stacks(texts); });
}

void Step::keep_stacks(const std::vector<std::string>& texts) {
  for (const auto& text : texts) {
    auto kept = log_->append(wire::stacks_rank, model::OutputStream::out, text);
    if (!kept) launch_.dir.note(kept.error().text);
  }
  fail(*hang_);
}

void Step::take_fence(const model::Fence& fence) {
  switch (fence.protocol) {
    case model::FenceProtocol::pmix:
      return server_.take(fence);
    case model::FenceProtocol::pmi1:
      return pmi1_.take(fence);
    case model::FenceProtocol::address:
      return take_addresses(fence.data);
  }
}

void Step::take_input(const model::RankInput& input) {
  if (!input_ || (terminal_ && input.bytes.empty())) return;  // a terminal's input has no end
  const bool is_full = input_->queued_bytes() > output_limit;
  // As a terminal does whose program does not read: what else the client has to say has its way.
  if (is_full && terminal_) return;
  input_->write(input.bytes);
  if (input_->queued_bytes() > output_limit && !terminal_) link_->hold_input(true);
}

void Step::ranks_finished() {
  // After the judgement of the last rank, which is in the loop's queue.
  loop_.post([this] {
    // The head has them completed when all nodes have ended; its failure is in NodeEnded else.
    if (launch_.order.node_index != model::head_index(launch_.order)) (void)complete_files();
    is_finished_ = true;
    hang_guard_.reset();
    finish();
  });
}

/// Once nothing runs and nothing is to be judged any more.
void Step::finish() {
  if (!is_finished_ || fates_.is_pending() || std::exchange(is_through_, true)) return;
  if (looks_) looks_->finish();
  const auto last = report();
  link_->send(model::NodeEnded{launch_.order.node_index, last.exit_code, last.failure, !failure_});
  link_->finish([this] { loop_.stop(); });
  wait_less();
}

/// The script is over, as a rule, or the job is to end.
void Step::told_to_end() {
  was_told_to_end_ = true;
  if (!is_through_) {
    fail(failure_of(launch_.order, model::Cause::told_to_end, ""));
    link_->stop_waiting();
  }
  wait_less();
}

/// Its agent would take a launcher for stuck that waits, told to end, for a stuck one elsewhere.
void Step::wait_less() {
  if (was_told_to_end_ && is_through_ && !parting_.is_running()) parting_.start(parting_time);
}

model::LaunchReport Step::report() const {
  model::LaunchReport report{.key = launch_.order.key};
  report.failure = failure_ ? failure_ : fates_.missed();
  report.exit_code = failure_ ? exit_code_of(*failure_) : fates_.exit_code();
  report.usage = processes_.usage();
  meters_.fill(report);
  report.ranks = fates_.usage();
  return report;
}

}  // namespace

model::LaunchReport run_step(Launch& launch) {
  Step step(launch);
  auto report = step.run();
  const bool is_head = launch.order.node_index == model::head_index(launch.order);
  if (is_head) (void)unlink(mapping::rendezvous_file(launch.order).c_str());  // most make none
  return report;
}

}  // namespace exec
