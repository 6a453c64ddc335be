// What programs of sites do, well or badly.

#include "scheduler/daemon/exec_nodes.h"

#include "tests/unit/scheduler/daemon/provider_site.h"

using Catch::Matchers::Contains;
using daemon_test::ExecSite;
using scheduler::ProviderEnded;
using scheduler::ProviderFailed;
using scheduler::ProviderHas;
using scheduler::ProviderMade;
using namespace std::chrono_literals;

using Names = std::vector<std::string>;

namespace {

/// Why a node could not be made.
std::string failure(ExecSite& site, const std::string& name = "a-1") {
  site.provider().create(name, "1");
  const auto n_before = site.heard.n<ProviderFailed>(name);
  site.run_until([&] { return site.heard.n<ProviderFailed>(name) > n_before; });
  return site.heard.all<ProviderFailed>(name).back().why;
}

std::size_t n_lines(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

}  // namespace

TEST_CASE("nodes that are wanted at one time go to one call, with all that is to be known") {
  ExecSite site;
  for (const auto* name : {"a-1", "a-2"}) site.provider().create(name, "1");
  site.run_until([&] { return site.heard.n<ProviderMade>() == 2; });
  CHECK(site.n_calls("create") == 1);
  const auto lines = site.read("lines");
  CHECK(n_lines(lines) == 2);
  CHECK(lines.substr(0, lines.find('\n')) ==
        R"({"name":"a-1","cluster":"here-0123abcd","pool":"a","tier":"","cpus":4,)"
        R"("memory_mib":8192,"gpus":0,"gpu_kind":"","features":[],"controller":"tls:head:7443",)"
        R"("token":"token-of-a-1","agent":"/bin/muster-agent","start_timeout_s":600,"life_s":0,)"
        R"("birth":"1","options":{"zone":1}})");
  CHECK_THAT(site.log_text(), !Contains("token-of"));
}

TEST_CASE("the program is told the id that it gave, also after a restart") {
  ExecSite site;
  site.provider().create("a-1", "1");
  site.run_until([&] { return site.heard.n<ProviderMade>() == 1; });
  site.crash();
  site.start();
  site.provider().list();
  site.run_until([&] { return site.heard.n<ProviderHas>() == 1; });
  site.provider().create("a-1", "1");
  site.run_until([&] { return site.heard.n<ProviderMade>() == 2; });
  CHECK(site.n_calls("create") == 1);  // it is known to be there
  site.provider().destroy("a-1");
  site.run_until([&] { return site.heard.n<ProviderEnded>() == 1; });
  CHECK_THAT(site.read("lines"), Contains(R"("pool":"a","id":"i-a-1","options":{"zone":1}})"));
  CHECK(site.expelled == Names{"a-1"});
}

TEST_CASE("a node that is wanted again at once is a new one, for its agent was told to go") {
  ExecSite site;
  site.provider().create("a-1", "1");
  site.run_until([&] { return site.heard.n<ProviderMade>() == 1; });
  site.provider().destroy("a-1");
  site.provider().create("a-1", "1");
  site.run_until([&] { return site.heard.n<ProviderMade>() == 2; });
  CHECK(site.n_calls("destroy") == 1);
  CHECK(site.n_calls("create") == 2);
  CHECK(site.expelled == Names{"a-1"});
}

TEST_CASE("an answer counts when its line is there") {
  ExecSite site;
  site.script("create", R"(
echo '{"name":"a-2","made":true}'
until [ -e go ]; do sleep 0.02; done
echo '{"name":"a-1","error":"quota of 1 reached","capacity":true}'
exit 0
)");
  for (const auto* name : {"a-1", "a-2"}) site.provider().create(name, "1");
  site.run_until([&] { return site.heard.n<ProviderMade>("a-2") == 1; });
  CHECK(site.heard.n<ProviderFailed>() == 0);
  site.write("go", "");
  site.run_until([&] { return site.heard.n<ProviderFailed>("a-1") == 1; });
  const auto failed = site.heard.all<ProviderFailed>().front();
  CHECK(failed.why == "quota of 1 reached");
  CHECK(failed.is_capacity);
}

TEST_CASE("names without an answer have failed, with status and last words") {
  ExecSite site;
  site.script("create", "echo 'no credentials' >&2; echo 'log in first' >&2; exit 3\n");
  CHECK(failure(site) == "'program create' ended with exit status 3: no credentials; log in first");
  CHECK_THAT(site.log_text(), Contains("provider_says pool=a of=create text=\"log in first\""));
  site.script("create", "exit 0\n");
  CHECK(failure(site) == "'program create' ended without a word of it");
  site.script("create", "kill -KILL $$\n");
  CHECK(failure(site) == "'program create' ended by signal 9");
}

TEST_CASE("rubbish is quoted, and what else is said counts") {
  ExecSite site;
  site.script("create", R"(
echo 'Creating machine...'
echo '{"name":"a-2","made":true}'
exit 0
)");
  site.provider().create("a-2", "1");
  CHECK_THAT(failure(site), Contains("'program create' printed 'Creating machine...', which is no "
                                     "answer:"));
  CHECK(site.heard.n<ProviderMade>("a-2") == 1);
  site.script("create", "echo '{\"name\":\"a-1\",\"mode\":true}'; exit 0\n");
  CHECK_THAT(failure(site), Contains("made"));
  site.script("create", "echo '{\"name\":\"a-1\",\"made\":true,\"ended\":true}'; exit 0\n");
  CHECK_THAT(failure(site), Contains("several answers"));
  site.script("create", "echo '{\"name\":\"a-1\",\"ended\":true}'; exit 0\n");
  CHECK_THAT(failure(site), Contains("without a word"));
  site.script("create", "head -c 200000 /dev/zero | tr '\\0' x; sleep 100\n");
  CHECK_THAT(failure(site), Contains("a line of more than 64 KiB"));
  site.script("create", "while :; do head -c 60000 /dev/zero | tr '\\0' x; echo; done\n");
  CHECK_THAT(failure(site), Contains("printed more than 16 MiB"));
  site.script("create", "yes\n");
  CHECK_THAT(failure(site), Contains("printed more than 20000 lines"));
  site.script("create", "echo '{\"name\":\"z-1\",\"made\":true}'; exit 0\n");
  CHECK_THAT(failure(site), Contains("without a word"));
  CHECK_THAT(site.log_text(), Contains("provider_answer_unasked pool=a of=create node=z-1"));
}

TEST_CASE("a program that hangs is ended with all that it started") {
  ExecSite site;
  site.settings.limit = 200ms;
  site.start();
  site.script("create", "trap '' TERM; echo $$ >>pids; sleep 100 & echo $! >>pids; wait; wait\n");
  CHECK_THAT(failure(site), Contains("'program create' did not end within 200ms"));
  std::istringstream pids(site.read("pids"));
  int n_pids = 0;
  for (pid_t pid = 0; pids >> pid; ++n_pids) site.run_until([pid] { return ::kill(pid, 0) != 0; });
  CHECK(n_pids == 2);
}

TEST_CASE("what a program leaves behind does not keep its call open") {
  ExecSite site;
  site.script("create", "sleep 100 & echo $! >pid\n");
  site.provider().create("a-1", "1");
  site.run_until([&] { return site.heard.n<ProviderMade>() == 1; });
  site.provider().destroy("a-1");
  site.run_until([&] { return site.heard.n<ProviderEnded>() == 1; });
  CHECK(::kill(static_cast<pid_t>(std::stoi(site.read("pid"))), SIGKILL) == 0);
}

TEST_CASE("a program that is not there is said") {
  ExecSite site;
  site.settings.program = {"/nonexistent/machines"};
  site.start();
  CHECK_THAT(failure(site), Contains("cannot run '/nonexistent/machines'"));
  site.settings.program = {"no-such-cloud"};
  site.start();
  CHECK_THAT(failure(site), Contains("cannot run the provider 'no-such-cloud' that comes with"));
}

TEST_CASE("nodes for which there is no token have failed") {
  ExecSite site;
  site.invite_error = "no space left on device";
  CHECK(failure(site) == "no space left on device");
  CHECK(site.n_calls("create") == 0);
}

TEST_CASE("a node that cannot be ended stays, and is asked for again") {
  ExecSite site;
  site.provider().create("a-1", "1");
  site.run_until([&] { return site.heard.n<ProviderMade>() == 1; });
  site.script("destroy", "echo '{\"name\":\"a-1\",\"error\":\"try later\"}'; exit 0\n");
  site.provider().destroy("a-1");
  site.run_until([&] { return site.log_text().contains("node_not_ended"); });
  CHECK(site.heard.n<ProviderEnded>() == 0);
  site.unscript("destroy");
  site.provider().destroy("a-1");
  site.run_until([&] { return site.heard.n<ProviderEnded>() == 1; });
}

TEST_CASE("one that could not be ended is no node to be had, for its agent was told to go") {
  ExecSite site;
  site.provider().create("a-1", "1");
  site.run_until([&] { return site.heard.n<ProviderMade>() == 1; });
  site.script("destroy", "echo '{\"name\":\"a-1\",\"error\":\"try later\"}'; exit 0\n");
  site.provider().destroy("a-1");
  site.run_until([&] { return site.log_text().contains("node_not_ended"); });
  site.unscript("destroy");
  site.provider().create("a-1", "1");
  site.run_until([&] { return site.heard.n<ProviderMade>() == 2; });
  CHECK(site.n_calls("destroy") == 2);
  CHECK(site.n_calls("create") == 2);
}

TEST_CASE("a program that prints its token does not spread it") {
  ExecSite site;
  site.script("create", "cat; cat >&2; echo 'as token-of-a-1 says' >&2; exit 3\n");
  CHECK_THAT(failure(site), Contains("***") && !Contains("token-of-a-1"));
  CHECK_THAT(site.log_text(), !Contains("token-of-a-1"));
}

TEST_CASE("a list counts only as a whole, and is asked for again and again") {
  ExecSite site;
  site.settings.reconcile = 100ms;
  site.start();
  site.write("nodes/a-7", "");
  site.script("list", "echo '{\"name\":\"a-7\"}'; echo 'rate limit' >&2; exit 1\n");
  site.provider().list();
  site.run_until([&] { return !site.provider().trouble().empty(); });
  CHECK(site.provider().trouble() == "'program list' ended with exit status 1: rate limit");
  CHECK(site.heard.n<ProviderHas>() == 0);
  site.script("list", "echo 'a-7'; exit 0\n");
  site.run_until([&] { return site.provider().trouble().contains("no answer"); });
  CHECK(site.heard.n<ProviderHas>() == 0);
  site.unscript("list");
  site.run_until([&] { return site.heard.n<ProviderHas>() == 3; });
  CHECK(site.provider().trouble().empty());
  const auto lists = site.heard.all<ProviderHas>();
  CHECK(lists[0].names == Names{"a-7"});
  CHECK_FALSE(lists[0].is_again);
  CHECK(lists[2].is_again);
  CHECK(lists[2].asked_at.has_value());
}

TEST_CASE("a program that watches tells of nodes that are taken, and is started again") {
  ExecSite site;
  site.script("watch", R"(
until [ -e lost ]; do sleep 0.02; done
[ -e told ] || echo '{"name":"a-1","evict":true,"notice_s":30,"reason":"the price went up"}'
[ -e told ] || echo '{"name":"a-1","gone":true,"reason":"the host failed"}'
: >told
exit 0
)");
  site.provider().create("a-1", "1");
  site.run_until([&] { return site.heard.n<ProviderMade>() == 1; });
  site.provider().list();
  site.run_until([&] { return site.n_calls("watch") == 1; });
  site.write("lost", "");
  site.run_until([&] { return site.heard.n<ProviderEnded>("a-1") == 1; });
  const auto ended = site.heard.all<ProviderEnded>().front();
  CHECK(ended.is_lost);
  CHECK(ended.why == "the host failed");
  const auto evicted = site.heard.all<scheduler::NodeEvicted>();
  REQUIRE(evicted.size() == 2);
  CHECK(evicted[0].notice == 30s);
  CHECK(evicted[0].cause == "the price went up");
  CHECK(evicted[1].notice == 0s);
  CHECK(site.expelled == Names{"a-1"});
  site.run_until([&] { return site.n_calls("watch") == 2; });
}

TEST_CASE("a program that has no watch is not asked again") {
  ExecSite site;
  site.settings.reconcile = 100ms;
  site.start();
  site.provider().list();
  site.run_until([&] { return site.heard.n<ProviderHas>() == 3; });
  CHECK(site.n_calls("watch") == 1);
  CHECK_THAT(site.log_text(), !Contains("provider_watch_ended"));
}

TEST_CASE("at the end of the cluster nodes go that only the program knows") {
  ExecSite site;
  site.write("nodes/a-4", "");
  bool is_gone = false;
  site.end([&] { is_gone = true; });
  site.run_until([&] { return is_gone; });
  CHECK(site.names().empty());
}
