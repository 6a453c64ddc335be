// Bookings: who may make them, and what they keep from whom.

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;
using model::JobState;
using scheduler::Answer;

namespace {

const model::User administrator{.uid = 0, .gid = 0, .name = "root"};

class BookedSite {
 public:
  explicit BookedSite(int booked_nodes = 0, int n_nodes = 2) : controller(settings(booked_nodes)) {
    for (int i = 1; i <= n_nodes; ++i) controller.join(node("n" + std::to_string(i), 2));
  }

  model::BookingSpec at(base::Duration start, base::Duration end) const {
    model::BookingSpec spec;
    spec.start = controller.now() + start;
    spec.end = controller.now() + end;
    return spec;
  }

  base::Result<Answer> book(model::BookingSpec spec, const model::User& by = administrator) {
    return controller.ask(scheduler::MakeBooking{controller.next_request(), by, std::move(spec)});
  }
  std::string name(model::BookingSpec spec, const model::User& by = administrator) {
    const auto made = book(std::move(spec), by);
    return made ? std::get<std::string>(*made) : made.error().text;
  }
  std::string cancel(const std::string& name, const model::User& by = administrator) {
    const auto done = controller.ask(scheduler::CancelBooking{controller.next_request(), by, name});
    return done ? "cancelled" : done.error().text;
  }
  base::Result<model::JobId> submit(const JobBuilder& builder, const std::string& booking,
                                    const model::User& by = user()) {
    auto spec = **builder;
    spec.choice.booking = booking;
    return controller.submit(std::make_shared<const model::JobSpec>(spec), by);
  }
  bool runs(model::JobId job) const { return controller.state_of(job) != JobState::waiting; }

  Controller controller;

 private:
  static scheduler::Settings settings(int booked_nodes) {
    scheduler::Settings settings;
    settings.booked_nodes = booked_nodes;
    return settings;
  }
};

}  // namespace

TEST_CASE("before a booking only jobs that end in time start, in it only its own, then all") {
  BookedSite site(0, 1);
  auto spec = site.at(60min, 120min);
  spec.name = "class";
  spec.users = {"user1001"};
  REQUIRE(site.name(spec) == "class");
  const auto longer = *site.controller.submit(*job().minutes(61));
  const auto endless = *site.controller.submit(*job());
  const auto shorter = *site.controller.submit(*job().minutes(60));
  const auto own = *site.submit(job().minutes(60), "class", user(1001));
  CHECK(site.runs(shorter));
  CHECK_FALSE(site.runs(longer));
  CHECK_FALSE(site.runs(endless));
  CHECK_FALSE(site.runs(own));
  const auto& booking = site.controller.engine().state().bookings.at("class").booking;
  CHECK(site.controller.reason_of(longer) ==
        "could not end before booking 'class' of its nodes begins, " + to_text(booking.start) +
            "; it ends " + to_text(booking.end));
  CHECK(site.controller.reason_of(own) == "waits for its booking 'class', from " +
                                              to_text(booking.start) + " to " +
                                              to_text(booking.end));
  site.controller.run(shorter);
  site.controller.pass(61min);
  CHECK(site.runs(own));
  CHECK_FALSE(site.runs(longer));
  site.controller.run(own);
  site.controller.pass(60min);
  CHECK(site.controller.engine().state().bookings.empty());
  CHECK(site.runs(longer));
  CHECK(site.runs(endless));
}

TEST_CASE("maintenance is for nobody, and a job that names it is refused") {
  BookedSite site;
  auto spec = site.at(0min, 60min);
  spec.name = "upgrade";
  spec.is_maintenance = true;
  spec.names = {"n1"};
  REQUIRE(site.name(spec) == "upgrade");
  CHECK(site.submit(job().minutes(1), "upgrade", administrator).error().text ==
        "booking 'upgrade' is not for root: its nodes are under maintenance");
  const auto wide = *site.controller.submit(*job().nodes(2).minutes(5));
  const auto narrow = *site.controller.submit(*job().tasks(2).minutes(5));
  CHECK_FALSE(site.runs(wide));
  CHECK(site.runs(narrow));  // n2 is not part of it
  CHECK(site.cancel("upgrade") == "cancelled");
  site.controller.run(narrow);
  CHECK(site.runs(wide));
}

TEST_CASE("nodes that others have booked, or where jobs may run then, are not booked") {
  BookedSite site;
  auto first = site.at(60min, 120min);
  first.name = "first";
  first.names = {"n1"};
  REQUIRE(site.name(first) == "first");
  const auto& made = site.controller.engine().state().bookings.at("first").booking;
  auto second = site.at(90min, 150min);
  second.names = {"n1"};
  CHECK(site.name(second) == "n1 cannot be booked: booking 'first' has it from " +
                                 to_text(made.start) + " to " + to_text(made.end) +
                                 "; choose another time or node, or let jobs be (--ignore-jobs)");
  auto after = site.at(120min, 150min);
  after.names = {"n1"};
  CHECK(site.name(after) == "root-1");

  const auto endless = *site.controller.submit(*job().tasks(2));
  auto all = site.at(200min, 300min);
  all.n_nodes = 2;
  CHECK(site.name(all).starts_with("1 of 2 nodes can be booked at that time (n"));
  all.ignores_jobs = true;
  CHECK(site.name(all) == "root-2");
  CHECK(site.runs(endless));
}

TEST_CASE("users book as many nodes as they may, and end only their own bookings") {
  BookedSite site(1);
  auto two = site.at(10min, 20min);
  two.n_nodes = 2;
  CHECK(site.name(two, user(1)) ==
        "a user may book 1 node at a time (limits.booked_nodes), and this would make it 2");
  auto one = site.at(10min, 20min);
  one.n_nodes = 1;
  CHECK(site.name(one, user(1)) == "user1-1");
  CHECK(site.name(one, user(1)) ==
        "a user may book 1 node at a time (limits.booked_nodes), and this would make it 2");
  one.name = "user1-1";  // replaces it
  CHECK(site.name(one, user(1)) == "user1-1");
  CHECK(site.name(one, user(2)).find("belongs to user1") != std::string::npos);
  CHECK(site.cancel("user1-1", user(2)) == "booking 'user1-1' belongs to user1");
  CHECK(site.cancel("user1-2", user(1)) ==
        "there is no booking 'user1-2'; did you mean 'user1-1'?");
  CHECK(site.cancel("user1-1", user(1)) == "cancelled");
  auto maintenance = site.at(10min, 20min);
  maintenance.is_maintenance = true;
  maintenance.n_nodes = 1;
  CHECK(site.book(maintenance, user(1)).error().code == base::Code::denied);
}

TEST_CASE("bookings that make no sense are refused") {
  BookedSite site;
  CHECK(site.book(site.at(60min, 60min)).error().code == base::Code::invalid);
  CHECK(site.book(site.at(-60min, -30min)).error().code == base::Code::invalid);
  auto odd = site.at(1min, 2min);
  odd.name = "a b";
  CHECK(site.book(odd).error().text.starts_with("'a b' is not a name for a booking"));
  auto unknown = site.at(1min, 2min);
  unknown.names = {"n9"};
  CHECK(site.book(unknown).error().code == base::Code::not_found);
  unknown.names.clear();
  unknown.pool = "big";
  CHECK(site.book(unknown).error().text == "there is no pool 'big'; known are default");
}

TEST_CASE("a job in a booking has a time limit that ends with it") {
  BookedSite site;
  auto spec = site.at(0min, 60min);
  spec.name = "now";
  spec.users = {user().name};
  REQUIRE(site.name(spec) == "now");
  CHECK(
      site.submit(job(), "now").error().text.find("the longest that can run is --time=01:00:00") !=
      std::string::npos);
  CHECK(site.submit(job().minutes(30), "now", user(7)).error().text ==
        "booking 'now' is not for user7");
  CHECK(site.submit(job().minutes(30), "never").error().text ==
        "there is no booking 'never'; known are now");
  const auto first = *site.submit(job().tasks(4).minutes(50), "now");
  CHECK(site.runs(first));
  const auto late = *site.submit(job().minutes(50), "now");
  site.controller.run(first);
  CHECK(site.runs(late));
  const auto waits = *site.submit(job().tasks(4).minutes(50), "now");
  site.controller.pass(61min);
  CHECK_FALSE(site.runs(waits));
  CHECK(site.controller.reason_of(waits) ==
        "its booking 'now' is over; cancel it, or name another with muster update");
}

TEST_CASE("nodes get their features and switches from the configuration when they join") {
  scheduler::Settings settings;
  settings.marks = {
      {.pool = "default", .names = {}, .features = {"ib"}, .switches = {}},
      {.pool = {}, .names = {"n1", "n3"}, .features = {"bigmem", "ib"}, .switches = {}},
      {.pool = {}, .names = {"n2"}, .features = {}, .switches = {"top", "leaf"}}};
  Controller controller(settings);
  controller.join(node("n1", 1));
  controller.join(node("n2", 1));
  const auto& state = controller.engine().state();
  const auto& first = state.nodes.at(controller.node_id("n1"));
  const auto& second = state.nodes.at(controller.node_id("n2"));
  CHECK(first.info.features == std::vector<std::string>{"bigmem", "ib"});
  CHECK(first.info.switches.empty());
  CHECK(second.info.features == std::vector<std::string>{"ib"});
  CHECK(second.info.switches == std::vector<std::string>{"top", "leaf"});
}
