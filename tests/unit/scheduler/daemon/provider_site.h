#pragma once
// Providers of each kind on the loop of a test, which hears what they say.

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lib/loop/clock.h"
#include "lib/loop/files.h"
#include "lib/loop/log.h"
#include "scheduler/daemon/exec_nodes.h"
#include "scheduler/daemon/local_nodes.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"

namespace daemon_test {

using namespace std::chrono_literals;

/// What a provider said, in its order.
class Heard {
 public:
  void take(scheduler::Input input) { inputs_.push_back(std::move(input)); }

  /// The inputs of one kind, and of one name where it is given.
  template <class Kind>
  std::vector<Kind> all(const std::string& name = {}) const {
    std::vector<Kind> found;
    for (const auto& input : inputs_) {
      const auto* said = std::get_if<Kind>(&input);
      if (said == nullptr) continue;
      if constexpr (requires { said->name; }) {
        if (!name.empty() && said->name != name) continue;
      }
      found.push_back(*said);
    }
    return found;
  }
  template <class Kind>
  std::size_t n(const std::string& name = {}) const {
    return all<Kind>(name).size();
  }
  std::size_t size() const { return inputs_.size(); }
  void forget() { inputs_.clear(); }

 private:
  std::vector<scheduler::Input> inputs_;
};

/// What the sites of all kinds have.
class ProviderSite {
 public:
  ProviderSite() : log(*loop::Log::open({.path = fixture.path("log")})) {}

  musterd::Provider& provider() { return *provider_; }
  void crash() { provider_.reset(); }

  /// Until it holds, or the fixture's limit, which then fails the test.
  void run_until(const std::function<bool()>& holds) {
    loop::Timer look(fixture.loop, [&] {
      if (holds()) fixture.loop.stop();
    });
    look.start_repeating(2ms);
    fixture.run();
    INFO(log_text());
    CHECK(holds());
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(fixture.path(name)) << text;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(fixture.path(name)).rdbuf();
    return text.str();
  }
  std::string log_text() const { return read("log"); }
  std::function<void(scheduler::Input)> ear() {
    return [this](scheduler::Input input) { heard.take(std::move(input)); };
  }

  loop_test::Fixture fixture;
  loop::Log log;
  Heard heard;

 protected:
  std::unique_ptr<musterd::Provider> provider_;
};

/// Agents that do nothing but hold their locks, as slices of this machine.
class LocalSite : public ProviderSite {
 public:
  LocalSite() : paths{fixture.path("cluster")} {
    for (const auto* name : {"a-1", "a-2", "a-3"}) {
      musterd::LocalSlice slice;
      slice.name = name;
      slice.pool = "a";
      slices.push_back(slice);
    }
    start();
  }
  ~LocalSite() {
    for (const auto& name : names()) ::kill(holder(name), SIGKILL);
  }
  LocalSite(const LocalSite&) = delete;
  LocalSite& operator=(const LocalSite&) = delete;

  void start() {
    auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "fake-agent";
    provider_ = std::make_unique<musterd::LocalNodes>(
        fixture.loop,
        musterd::LocalNodes::Parts{
            .program = program, .paths = paths, .slices = slices, .pools = {"a"}, .say = ear()},
        log);
  }
  /// As at the end of the cluster, when agents are told to end.
  void end(const std::function<void()>& gone) {
    provider_->stop(gone);
    for (const auto& name : names()) ::kill(holder(name), SIGTERM);
  }
  pid_t holder(const std::string& name) const {
    return loop::lock_holder(paths.node_dir(name) + "/agent.lock").value_or(0);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& slice : slices) {
      if (holder(slice.name) != 0) found.push_back(slice.name);
    }
    return found;
  }
  std::string unknown() const { return "b-9"; }

  musterd::Paths paths;
  std::vector<musterd::LocalSlice> slices;
};

/// A program that keeps a file for each node. What it does beside, a test puts into files that are
/// read before each verb.
class ExecSite : public ProviderSite {
 public:
  ExecSite() {
    std::filesystem::create_directory(fixture.path("nodes"));
    write("program", "#!/bin/sh\nfolder=" + fixture.folder() + R"sh(
cd "$folder" || exit 1
for verb; do :; done
echo "$verb" >>calls
[ -e "do-$verb" ] && . "./do-$verb"
name_of() { printf %s "$line" | sed 's/.*"name":"\([^"]*\)".*/\1/'; }
case $verb in
  create)
    while read -r line; do
      printf '%s\n' "$line" >>lines
      name=$(name_of)
      : >"nodes/$name"
      echo "{\"name\":\"$name\",\"made\":true,\"id\":\"i-$name\"}"
    done
    ;;
  destroy)
    while read -r line; do
      printf '%s\n' "$line" >>lines
      name=$(name_of)
      rm -f "nodes/$name"
      echo "{\"name\":\"$name\",\"ended\":true}"
    done
    ;;
  list)
    for file in nodes/*; do
      [ -e "$file" ] && echo "{\"name\":\"$(basename "$file")\",\"id\":\"i-$(basename "$file")\"}"
    done
    exit 0
    ;;
  watch) exit 64 ;;
esac
)sh");
    ::chmod(fixture.path("program").c_str(), 0700);
    settings = {.program = {fixture.path("program"), "first"},
                .limit = 5s,
                .reconcile = 1min,
                .order = {.cluster = "here-0123abcd",
                          .pool = "a",
                          .cores = 4,
                          .memory = base::Bytes(std::uint64_t{8} << 30),
                          .controller = "tls:head:7443",
                          .agent = "/bin/muster-agent",
                          .start_timeout = 10min,
                          .options = R"({"zone":1})"}};
    start();
  }

  void start() {
    provider_ = std::make_unique<musterd::ExecNodes>(
        fixture.loop, settings,
        musterd::ExecNodes::Doors{
            .say = ear(),
            .now = [] { return loop::now(); },
            .invite =
                [this](const std::vector<std::string>& names, auto done) {
                  fixture.loop.defer([this, names, done] {
                    if (!invite_error.empty())
                      return done(base::fail(base::Code::io, std::string(invite_error)));
                    std::vector<std::string> tokens;
                    for (const auto& name : names) tokens.push_back("token-of-" + name);
                    done(tokens);
                  });
                },
            .expel = [this](const std::string& name) { expelled.push_back(name); },
            .left = [this](std::size_t site) { left.push_back(site); }},
        log);
  }
  void end(const std::function<void()>& gone) { provider_->stop(gone); }
  /// Shell lines before the verb does what it does.
  void script(const std::string& verb, const std::string& text) { write("do-" + verb, text); }
  void unscript(const std::string& verb) { std::filesystem::remove(fixture.path("do-" + verb)); }
  std::size_t n_calls(const std::string& verb) const {
    std::istringstream calls(read("calls"));
    std::size_t n = 0;
    for (std::string each; std::getline(calls, each);) n += each == verb ? 1 : 0;
    return n;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& file : std::filesystem::directory_iterator(fixture.path("nodes")))
      found.push_back(file.path().filename());
    std::ranges::sort(found);
    return found;
  }
  /// A name that it cannot make.
  std::string unknown() {
    script("create", "echo '{\"name\":\"b-9\",\"error\":\"there is no such node\"}'; exit 0\n");
    return "b-9";
  }

  musterd::ExecNodes::Settings settings;
  std::string invite_error;
  std::vector<std::string> expelled;
  std::vector<std::size_t> left;
};

}  // namespace daemon_test
