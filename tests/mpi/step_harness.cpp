#include "tests/mpi/step_harness.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <utility>

#include "lib/loop/address.h"
#include "lib/loop/clock.h"
#include "lib/loop/tls_psk.h"
#include "lib/wire/head.h"
#include "tests/support/catch.h"

namespace launcher_test {

namespace {

int cores_for(const std::vector<int>& tasks, int cores) {
  return cores > 0 ? cores : *std::max_element(tasks.begin(), tasks.end());
}

}  // namespace

StepHarness::StepHarness(const std::vector<int>& tasks, const std::vector<std::string>& arguments,
                         int cores)
    : box_(static_cast<int>(tasks.size()), cores_for(tasks, cores)),
      order(box_.step_order(tasks, arguments)),
      retry_(loop_, [this] { dial(); }),
      deadline_(loop_, [this] {
        is_late = true;
        loop_.stop();
      }) {}

StepHarness::~StepHarness() {
  for (const auto& launcher : launchers_) {
    if (launcher.is_running()) (void)launcher.signal(SIGKILL);
  }
  for (const auto& dir : dirs_) {
    const std::string session = read_text(dir + "/session_dir");
    if (session.starts_with("/dev/shm/muster-")) std::filesystem::remove_all(session);
  }
}

void StepHarness::start_launchers() {
  for (std::size_t node = 0; node < order.tasks.size(); ++node) {
    if (order.tasks[node] == 0) continue;
    order.node_index = static_cast<int>(node);
    dirs_.push_back(box_.place(order));
    const auto words = command(order.node_index);
    const loop::SpawnOptions options{.program = words.front(),
                                     .arguments = words,
                                     .environment = {"PATH=/usr/bin:/bin"},
                                     .error = loop::SameAsParent{},
                                     .new_session = true};
    auto launcher = loop::Process::spawn(loop_, options, [this](const auto&) { launcher_ended(); });
    REQUIRE(launcher);
    launchers_.push_back(std::move(*launcher));
    killed_.push_back(false);
    ++n_running_;
  }
}

/// For the node whose launch directory was made last.
std::vector<std::string> StepHarness::command(int node) const {
  std::vector<std::string> words;
  if (prefix) words = prefix(node);
  words.insert(words.end(), {MUSTER_LAUNCH, dirs_.back()});
  if (!launcher_options.empty()) {
    words.insert(words.end(), {"--topology", launcher_options});
  }
  return words;
}

void StepHarness::run() {
  const loop::Elapsed since;
  start_launchers();
  if (with_client) dial();
  deadline_.start(std::chrono::seconds(40));
  loop_.run();
  deadline_.stop();
  retry_.stop();
  took = since.so_far();
}

void StepHarness::launcher_ended() {
  if (--n_running_ > 0) return;
  client_.reset();
  connector_.reset();
  loop_.stop();
}

void StepHarness::dial() {
  const bool is_far = !order.head_tls.empty();
  const auto address = loop::parse_address(is_far ? order.head_tls.front() : order.head_address);
  REQUIRE(address);
  std::shared_ptr<const loop::ShieldMaker> tls;
  if (is_far) {
    tls = std::make_shared<loop::TlsPsk>(
        loop::PskOptions{.identity = to_text(order.key), .secret = order.secret});
  }
  const auto dialled = [this](base::Result<loop::Stream> stream) {
    if (!stream) {
      retry_.start(std::chrono::milliseconds(1));
      return;
    }
    client_.emplace(std::move(*stream));
    client_->on_frame([this](const std::string& frame) { take(frame); });
    const bool is_stranger = !wrong_secret.empty();
    client_->on_end([this, is_stranger](const auto&) {
      client_.reset();
      if (!is_stranger) return;
      ++n_turned_away;
      dial();
    });
    const std::string secret = is_stranger ? std::exchange(wrong_secret, {}) : order.secret;
    send(model::ClientHello{.key = order.key, .secret = secret});
  };
  connector_.emplace(loop_, *address, dialled, tls);
}

void StepHarness::send(const model::HeadMessage& message) {
  REQUIRE(client_);
  CHECK(client_->send(wire::encode(message)));
}

void StepHarness::take(const std::string& frame) {
  auto message = wire::decode_head(frame);
  REQUIRE(message);
  if (auto* output = std::get_if<model::RankOutput>(&*message)) {
    (output->stream == model::OutputStream::out ? out : err)[output->rank] += output->bytes;
    if (on_output) on_output();
  } else if (auto* place = std::get_if<model::RankPlaced>(&*message)) {
    placed[place->rank] = *place;
  } else if (auto* note = std::get_if<model::StepNote>(&*message)) {
    notes += note->text;
    if (on_output) on_output();
  } else if (auto* end = std::get_if<model::StepResult>(&*message)) {
    result = *end;
  }
}

void StepHarness::kill_launcher(std::size_t node, int number) {
  killed_[node] = killed_[node] || number == SIGKILL;
  CHECK(launchers_[node].signal(number));
}

void StepHarness::drop_client() {
  client_.reset();
}

std::string StepHarness::all_output() const {
  std::string text;
  for (const auto& [rank, bytes] : out) text += bytes;
  return text;
}

std::optional<model::LaunchReport> StepHarness::report(std::size_t node) const {
  return read_report(dirs_[node]);
}

std::string StepHarness::leftovers() const {
  std::string found;
  for (std::size_t node = 0; node < dirs_.size(); ++node) {
    if (!eventually([&] { return living(dirs_[node]).empty(); })) {
      found += "processes of " + dirs_[node] + "; ";
    }
    const std::string session = read_text(dirs_[node] + "/session_dir");
    if (!killed_[node] && std::filesystem::exists(session)) found += session + "; ";
  }
  const std::string socket = order.head_address.substr(sizeof "unix:" - 1);
  if (!killed_.front() && std::filesystem::exists(socket)) found += socket + "; ";
  return found;
}

void check_success(const StepHarness& step) {
  CHECK_FALSE(step.is_late);
  REQUIRE(step.result);
  INFO((step.result->failure ? describe(*step.result->failure) : "no failure"));
  for (const auto& [rank, text] : step.err) UNSCOPED_INFO("rank " << rank << " said: " << text);
  CHECK_FALSE(step.result->failure);
  CHECK(step.result->exit_code == 0);
  CHECK(step.leftovers() == "");
}

model::Failure failure_of(StepHarness& step) {
  step.run();
  CHECK_FALSE(step.is_late);
  REQUIRE(step.result);
  REQUIRE(step.result->failure);
  INFO(describe(*step.result->failure));
  for (std::size_t node = 0; node < step.order.tasks.size(); ++node) {
    const auto report = step.report(node);
    REQUIRE(report);
    CHECK(report->failure == step.result->failure);
    CHECK(report->exit_code == step.result->exit_code);
  }
  CHECK(step.took < std::chrono::seconds(5));
  CHECK(step.leftovers() == "");
  return *step.result->failure;
}

}  // namespace launcher_test
