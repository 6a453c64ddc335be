// Machines that were made with something else than muster.toml says now, and names that are there
// twice.

#include <sys/stat.h>

#include "scheduler/daemon/exec_nodes.h"
#include "tests/unit/scheduler/daemon/provider_site.h"

using Catch::Matchers::Contains;
using daemon_test::ExecSite;
using musterd::ListedMachine;
using scheduler::ProviderEnded;
using scheduler::ProviderFailed;
using scheduler::ProviderHas;
using scheduler::ProviderMade;
using scheduler::ProviderTwin;
using namespace std::chrono_literals;

using Names = std::vector<std::string>;

namespace {

/// A program of an earlier configuration, with a machine a-1.
void add_earlier_site(ExecSite& site) {
  const auto program = site.fixture.path("old");
  site.write("old", "#!/bin/sh\ncd " + site.fixture.folder() + R"sh( || exit 1
cat >>old-lines
case $1 in
  list) [ -e old-a-1 ] && echo '{"name":"a-1","id":"o-1"}'; exit 0 ;;
  destroy) rm -f old-a-1; echo '{"name":"a-1","ended":true}' ;;
esac
)sh");
  ::chmod(program.c_str(), 0700);
  site.write("old-a-1", "");
  site.settings.earlier = {
      {.program = {program}, .cluster = "before-1", .options = R"({"old":1})"}};
  site.settings.reconcile = 100ms;
  site.settings.limit = 1s;
  site.settings.order.start_timeout = 0s;
}

}  // namespace

TEST_CASE("a machine of an earlier site is listed and ended with what it was made with") {
  ExecSite site;
  add_earlier_site(site);
  site.start();
  site.provider().list();
  site.run_until([&] { return site.heard.n<ProviderHas>() == 1; });
  CHECK(site.heard.all<ProviderHas>().front().names == Names{"a-1"});
  site.provider().create("a-1", "7");
  site.run_until([&] { return site.heard.n<ProviderMade>("a-1") == 1; });
  CHECK(site.n_calls("create") == 0);
  site.provider().destroy("a-1");
  site.run_until([&] { return site.heard.n<ProviderEnded>("a-1") == 1; });
  CHECK(site.n_calls("destroy") == 0);
  CHECK_THAT(site.read("old-lines"),
             Contains(R"({"name":"a-1","cluster":"before-1","pool":"a","id":"o-1",)"
                      R"("options":{"old":1}})"));
  site.run_until([&] { return !site.left.empty(); });
  CHECK(site.left == std::vector<std::size_t>{1});
  site.provider().create("a-1", "8");
  site.run_until([&] { return site.heard.n<ProviderMade>("a-1") == 2; });
  CHECK(site.names() == Names{"a-1"});
}

TEST_CASE("while an earlier site cannot say what is there, no list is whole") {
  ExecSite site;
  add_earlier_site(site);
  site.write("old", "#!/bin/sh\necho 'who are you' >&2\nexit 1\n");
  site.start();
  site.provider().list();
  site.run_until([&] { return !site.provider().trouble().empty(); });
  CHECK_THAT(site.provider().trouble(),
             Contains("machines of an earlier configuration") && Contains("who are you"));
  CHECK(site.heard.n<ProviderHas>() == 0);
  CHECK(site.left.empty());
}

TEST_CASE("a pool that the configuration has no longer ends what is there and makes nothing") {
  ExecSite site;
  site.settings.makes_nodes = false;
  site.settings.reconcile = 100ms;
  site.settings.limit = 1s;
  site.settings.order.start_timeout = 0s;
  site.write("nodes/a-1", "");
  site.start();
  site.provider().list();
  site.run_until([&] { return site.heard.n<ProviderHas>() == 1; });
  site.provider().create("a-2", "1");
  CHECK(site.heard.n<ProviderFailed>("a-2") == 1);
  site.provider().destroy("a-1");
  site.run_until([&] { return !site.left.empty(); });
  CHECK(site.names().empty());
  CHECK(site.n_calls("create") == 0);
  bool is_gone = false;
  site.end([&] { is_gone = true; });
  site.run_until([&] { return is_gone; });
}

TEST_CASE("of two machines of one name the one of this birth stays, and the other is ended") {
  ExecSite site;
  site.settings.reconcile = 100ms;
  site.start();
  site.script("list", R"(
[ -e thinned ] || echo '{"name":"a-1","id":"i-lost","birth":"6"}'
echo '{"name":"a-1","id":"i-kept","birth":"7"}'
exit 0
)");
  site.script("destroy",
              "read -r line; echo \"$line\" >>thinned\n"
              "echo '{\"name\":\"a-1\",\"ended\":true}'\nexit 0\n");
  site.provider().create("a-1", "7");
  site.run_until([&] { return site.heard.n<ProviderMade>() == 1; });
  site.provider().list();
  site.run_until([&] { return site.heard.n<ProviderTwin>() == 1; });
  CHECK(site.heard.all<ProviderTwin>().front().machine == "i-lost");
  const auto told = site.read("thinned");
  CHECK_THAT(told, Contains(R"("id":"i-lost","extra":true)") && !Contains("i-kept"));
  CHECK(site.heard.n<ProviderEnded>() == 0);
  const auto n_lists = site.n_calls("list");
  site.run_until([&] { return site.n_calls("list") > n_lists + 2; });
  CHECK(site.heard.n<ProviderTwin>() == 1);
}

TEST_CASE("which machine of a name stays, and which are the same") {
  const std::vector<ListedMachine> machines{{.site = 0, .id = "a", .birth = "1"},
                                            {.site = 0, .id = "b", .birth = "2"}};
  CHECK(musterd::kept_of(machines, "2", "a").id == "b");
  CHECK(musterd::kept_of(machines, "3", "b").id == "b");
  CHECK(musterd::kept_of(machines, "", "").id == "a");
  musterd::MachineList list;
  CHECK(list.add("n", {.site = 1, .id = "a", .birth = ""}));
  CHECK(list.add("n", {.site = 0, .id = "a", .birth = ""}));  // the sites see the same one
  CHECK(list.by_name["n"].size() == 1);
  CHECK(list.by_name["n"].front().site == 0);
  CHECK_FALSE(list.add("n", {.site = 0, .id = "a", .birth = ""}));
  CHECK(list.add("n", {.site = 1, .id = "b", .birth = ""}));
  CHECK(list.by_name["n"].size() == 2);
}
