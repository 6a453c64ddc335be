#pragma once
// The side of `muster run` in a step: output of the ranks out, standard input and signals in, until
// the head says how the step ended.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/problem.h"
#include "cli/raw_terminal.h"
#include "cli/request/escape_keys.h"
#include "lib/loop/frame_stream.h"
#include "lib/loop/loop.h"
#include "lib/loop/patient_connector.h"
#include "lib/loop/signal.h"
#include "lib/loop/timer.h"
#include "lib/loop/work.h"
#include "lib/model/head_message.h"
#include "lib/model/rank_lines.h"
#include "lib/wire/api.h"

namespace cli {

/// How `muster run` treats the step's output and input.
struct StepManner {
  bool label = false;
  bool map = false;  // no rank is started: the map is what the step is for
  bool report_bindings = false;
  bool no_stdin = false;
  bool terminal = false;  // the step runs on a terminal, which is shown here
  std::optional<base::Duration> time_limit = {};  // of the step; nothing: that of its job
};

class StepClient {
 public:
  StepClient(loop::PatientConnector::Options head, model::ClientHello hello, StepManner manner);
  ~StepClient();

  /// Until the step has ended. Refused when the head cannot be reached within a minute, or is lost.
  Try<model::StepResult> run();
  /// The step goes on without this client.
  bool is_detached() const { return is_detached_; }

 private:
  void use_terminal();
  void detach();
  void watch_signals();
  void dial();
  void connected(loop::Stream stream);
  void take(const std::string& frame);
  void show(const model::RankOutput& output);
  void show_pieces();
  void write_out(model::OutputStream stream, std::string_view text);
  void tell(std::string_view lines);
  void place(const model::RankPlaced& placed);
  void finish(Try<model::StepResult> result);
  void interrupt(int number);
  void end_step(model::Cause cause, int code, std::string why);
  void pass_on(int number);
  void send(const model::HeadMessage& message);

  void start_input();
  void read_input();
  void pass_input(const std::string& bytes);

  loop::Loop loop_;
  loop::PatientConnector::Options head_;
  model::ClientHello hello_;
  StepManner manner_;
  model::RankLines lines_;
  loop::Timer piece_timer_;
  loop::Timer limit_timer_;
  std::vector<model::RankPlaced> map_;
  std::optional<Try<model::StepResult>> result_;
  int interrupted_by_ = 0;  // the signal; 0: none
  bool is_ending_ = false;
  bool is_leaving_ = false;
  bool is_detached_ = false;
  std::optional<RawTerminal> raw_;
  request::EscapeKeys keys_;
  bool input_waits_ = false;  // for the stream to take what was read

  std::unique_ptr<loop::PatientConnector> connector_;
  std::unique_ptr<loop::FrameStream> stream_;
  std::unique_ptr<loop::Work> reading_;
  std::vector<std::unique_ptr<loop::Signal>> signals_;
};

/// Is the step's client until the step has ended or goes on without it, says so in the name of
/// `who`, and leaves the process: a thread of it may be waiting for standard input.
Outcome follow_step(const wire::StepReply& reply, std::string_view who, StepManner manner);

}  // namespace cli
