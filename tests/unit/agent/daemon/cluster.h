#pragma once
// A controller for the tests of muster-agent, in this process, and the agent as a process of its
// own.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lib/loop/frame_stream.h"
#include "lib/loop/loop.h"
#include "lib/loop/process.h"
#include "lib/loop/stream.h"
#include "lib/model/agent_message.h"

namespace agentd_test {

model::LaunchKey batch(std::uint32_t job);
model::Launch launch(const model::LaunchKey& key, std::vector<std::string> script);

class Cluster {
 public:
  Cluster();
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  void start_agent(std::vector<std::string> more_options = {});
  void kill_agent();
  /// Waits until the agent has ended by itself; its exit code.
  int wait_for_agent();

  void open();   // listen; every hello is welcomed
  void close();  // drop the connection and listen no more

  void send(const model::ToAgent& message);
  /// Runs the loop until the agent has sent what `wanted` accepts; fails the test after 20 s.
  void wait_until(const std::function<bool()>& wanted);

  template <class Message>
  Message expect(const std::function<bool(const Message&)>& wanted) {
    std::optional<Message> found;
    wait_until([&] {
      for (auto at = heard.begin(); at != heard.end(); ++at) {
        const auto* message = std::get_if<Message>(&*at);
        if (message == nullptr || !wanted(*message)) continue;
        found = *message;
        heard.erase(at);
        return true;
      }
      return false;
    });
    return *found;
  }
  model::AgentHello expect_hello();
  model::LaunchReport expect_report(const model::LaunchKey& key);
  void expect_started(const model::LaunchKey& key);
  /// Waits until the launch's log has `text`.
  void expect_log(const model::LaunchKey& key, const std::string& text);

  std::filesystem::path launch_dir(const model::LaunchKey& key) const;
  std::string read(const std::filesystem::path& path) const;
  void open_gate(const model::LaunchKey& key) const;

  std::filesystem::path root;
  std::vector<model::FromAgent> heard;

 private:
  void accept(loop::Stream stream);

  loop::Loop loop_;
  std::optional<loop::Listener> listener_;
  std::optional<loop::FrameStream> agent_stream_;
  std::optional<loop::Process> agent_;
  std::optional<loop::ExitStatus> agent_status_;
  std::function<bool()> wanted_;
  std::uint32_t request_ = 0;
};

}  // namespace agentd_test
