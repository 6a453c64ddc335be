#pragma once
// What an agent does so that its node is fit for work, as the node's pool wants it: mounts and a
// setup script before it takes work, checks from then on, of the mounts among others. Decides only;
// the driver runs the steps.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/condition.h"

namespace agent {

enum class CareStep {
  mounts,
  setup,
  checks,  // those built in
  health   // the site's own
};

/// "mounting", "setup", "built-in check", "health check"
std::string_view to_text(CareStep step);

/// Answered by Caretaker::ended, unless it is stopped first.
struct RunStep {
  CareStep step = CareStep::setup;
  std::string command;  // of sh; of those that are no commands empty
};

/// Nothing of it is to go on. With a fault, which is that it took too long, it has ended with that
/// whether it can be killed or not; without, it is not wanted any more and nothing is to be said.
struct StopStep {
  std::string fault;
};

/// The node's condition has changed; the setup that has been done is to be kept with it.
struct TellCondition {};

struct AnswerCheck {
  std::uint32_t request = 0;
};

using CareAction = std::variant<RunStep, StopStep, TellCondition, AnswerCheck>;

/// How a step ended.
struct StepEnd {
  std::string fault;   // "exited with code 3"; empty: it went well
  std::string output;  // its last lines
  /// Of the checks built in: the GPUs that fail, and why. Absent: nobody looked.
  std::optional<std::vector<model::FailingGpu>> gpus = {};
};

/// Promises: at most one step at a time; a node whose mounts or setup failed is tried again for
/// ever, and is ready again when it goes well.
class Caretaker {
 public:
  /// What the last agent of this boot of the machine left; nothing otherwise.
  struct Known {
    model::NodeCondition condition;
    std::string setup_done;  // the command that went well
  };
  explicit Caretaker(Known known);

  /// What the pool wants, at each connection.
  std::vector<CareAction> want(const model::NodeCare& care, base::Time now);
  /// Somebody asks: answered when what is under way, or what this starts, has ended.
  std::vector<CareAction> check(std::uint32_t request, bool setup, base::Time now);
  std::vector<CareAction> ended(const StepEnd& end, base::Time now);
  std::vector<CareAction> tick(base::Time now);
  /// Those who asked are gone.
  void forget_questions() { questions_.clear(); }

  std::optional<base::Time> next_deadline() const;
  const model::NodeCondition& condition() const { return condition_; }
  const std::string& setup_done() const { return setup_done_; }

 private:
  struct Running {
    CareStep step;
    base::Time until;
  };
  struct Question {
    std::uint32_t request;
    bool setup;
  };

  void begin(bool with_setup);
  std::optional<CareStep> next_step(std::optional<CareStep> done) const;
  void run(CareStep step);
  void go_on(CareStep done);
  void fail(const StepEnd& end);
  void finish();
  void note_gpus(std::vector<model::FailingGpu> gpus);
  void turn(model::Fitness fitness, std::string reason, std::string output, bool is_given_up);
  base::Duration limit_of(CareStep step) const;
  void act(CareAction action) { actions_.push_back(std::move(action)); }

  model::NodeCare care_;
  bool is_wanted_ = false;  // some care was told
  model::NodeCondition condition_;
  std::string setup_done_;
  std::vector<model::FailingGpu> gpus_;  // as the last look found them
  std::optional<Running> running_;
  bool has_run_setup_ = false;  // in this round
  int n_setup_faults_ = 0;      // in a row
  int n_check_faults_ = 0;
  std::optional<base::Time> next_at_;
  std::vector<Question> questions_;
  base::Time now_;
  std::vector<CareAction> actions_;
};

}  // namespace agent
