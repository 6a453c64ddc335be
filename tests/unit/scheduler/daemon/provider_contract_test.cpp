// The contract of Provider, for each of them.

#include "tests/unit/scheduler/daemon/provider_site.h"

using daemon_test::ExecSite;
using daemon_test::LocalSite;
using scheduler::ProviderEnded;
using scheduler::ProviderFailed;
using scheduler::ProviderHas;
using scheduler::ProviderMade;

using Names = std::vector<std::string>;

#define EACH LocalSite, ExecSite

TEMPLATE_TEST_CASE("a node is made once, however often it is asked for", "", EACH) {
  TestType site;
  site.provider().create("a-1", "1");
  site.run_until([&] { return site.heard.template n<ProviderMade>("a-1") == 1; });
  site.run_until([&] { return site.names() == Names{"a-1"}; });
  site.provider().create("a-1", "1");
  site.run_until([&] { return site.heard.template n<ProviderMade>("a-1") == 2; });
  CHECK(site.names() == Names{"a-1"});
  CHECK(site.heard.size() == 2);
}

TEMPLATE_TEST_CASE("several nodes are made, each with one answer", "", EACH) {
  TestType site;
  for (const auto* name : {"a-1", "a-2", "a-3"}) site.provider().create(name, "1");
  site.run_until([&] { return site.heard.template n<ProviderMade>() == 3; });
  site.run_until([&] { return site.names() == Names{"a-1", "a-2", "a-3"}; });
  for (const auto* name : {"a-1", "a-2", "a-3"})
    CHECK(site.heard.template n<ProviderMade>(name) == 1);
  CHECK(site.heard.size() == 3);
}

TEMPLATE_TEST_CASE("a node is ended, and one that is not there is", "", EACH) {
  TestType site;
  site.provider().create("a-1", "1");
  site.run_until([&] { return site.names() == Names{"a-1"}; });
  site.provider().destroy("a-1");
  site.run_until([&] { return site.heard.template n<ProviderEnded>("a-1") == 1; });
  CHECK(site.names().empty());
  site.provider().destroy("a-1");
  site.run_until([&] { return site.heard.template n<ProviderEnded>("a-1") == 2; });
  site.provider().destroy("a-3");
  site.run_until([&] { return site.heard.template n<ProviderEnded>("a-3") == 1; });
  CHECK(site.heard.template all<ProviderEnded>("a-3").front().why.empty());
}

TEMPLATE_TEST_CASE("a node has several lives under one name", "", EACH) {
  TestType site;
  for (std::size_t life = 1; life <= 3; ++life) {
    site.provider().create("a-2", "1");
    site.run_until([&] { return site.heard.template n<ProviderMade>() == life; });
    site.provider().destroy("a-2");
    site.run_until([&] { return site.heard.template n<ProviderEnded>() == life; });
  }
  CHECK(site.names().empty());
  CHECK(site.heard.size() == 6);
}

TEMPLATE_TEST_CASE("a node that is wanted again while it is being ended is there in the end", "",
                   EACH) {
  TestType site;
  site.provider().create("a-1", "1");
  site.run_until([&] { return site.names() == Names{"a-1"}; });
  site.heard.forget();
  site.provider().destroy("a-1");
  site.provider().create("a-1", "1");
  site.run_until([&] { return site.heard.template n<ProviderMade>("a-1") == 1; });
  site.run_until([&] { return site.names() == Names{"a-1"}; });
  CHECK(site.heard.template n<ProviderEnded>() == 0);
}

TEMPLATE_TEST_CASE("a node that is to go while it is being made is not there in the end", "",
                   EACH) {
  TestType site;
  site.provider().create("a-1", "1");
  site.provider().destroy("a-1");
  site.run_until([&] { return site.heard.template n<ProviderEnded>("a-1") == 1; });
  CHECK(site.names().empty());
}

TEMPLATE_TEST_CASE("the one who comes after a crash is told what is there", "", EACH) {
  TestType site;
  for (const auto* name : {"a-1", "a-3"}) site.provider().create(name, "1");
  site.run_until([&] { return site.names() == Names{"a-1", "a-3"}; });
  site.crash();
  site.heard.forget();
  site.start();
  site.provider().list();
  site.run_until([&] { return site.heard.template n<ProviderHas>() == 1; });
  const auto has = site.heard.template all<ProviderHas>().front();
  CHECK(has.names == Names{"a-1", "a-3"});
  CHECK(has.pools == Names{"a"});
  CHECK_FALSE(has.is_again);
  site.provider().create("a-3", "1");
  site.run_until([&] { return site.heard.template n<ProviderMade>("a-3") == 1; });
  site.provider().destroy("a-1");
  site.run_until([&] { return site.heard.template n<ProviderEnded>("a-1") == 1; });
  CHECK(site.names() == Names{"a-3"});
}

TEMPLATE_TEST_CASE("a node that cannot be made has failed, with the reason", "", EACH) {
  TestType site;
  const auto name = site.unknown();
  site.provider().create(name, "1");
  site.run_until([&] { return site.heard.template n<ProviderFailed>(name) == 1; });
  const auto failed = site.heard.template all<ProviderFailed>().front();
  CHECK_THAT(failed.why, Catch::Matchers::Contains("no such node"));
  CHECK_FALSE(failed.is_capacity);
  CHECK(site.heard.template n<ProviderMade>() == 0);
}

TEMPLATE_TEST_CASE("at the end of the cluster nothing is left", "", EACH) {
  TestType site;
  for (const auto* name : {"a-1", "a-2"}) site.provider().create(name, "1");
  site.run_until([&] { return site.names() == Names{"a-1", "a-2"}; });
  bool is_gone = false;
  site.end([&] { is_gone = true; });
  site.provider().create("a-3", "1");
  site.run_until([&] { return is_gone; });
  CHECK(site.names().empty());
}
