#include "observe/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <thread>

#include "base/failure.h"

namespace berth {
namespace {

TEST(Metrics, RendersNothingWhenThereIsNothing) {
  EXPECT_EQ(Metrics().render(), "");
}

TEST(Metrics, RendersAFamilyOnceAndInOrder) {
  Metrics metrics;
  metrics.counter("b_total", "Second.", {{"method", "get"}, {"code", "200"}}).add(3);
  metrics.counter("b_total", "Second.", {{"method", "put"}, {"code", "201"}}).add();
  metrics.gauge("a", "First.").set(-4);
  EXPECT_EQ(metrics.render(),
            "# HELP a First.\n# TYPE a gauge\na -4\n"
            "# HELP b_total Second.\n# TYPE b_total counter\n"
            "b_total{code=\"200\",method=\"get\"} 3\nb_total{code=\"201\",method=\"put\"} 1\n");
}

TEST(Metrics, GivesTheSameObjectForTheSameNameAndLabels) {
  Metrics metrics;
  Counter& first = metrics.counter("x_total", "X.", {{"a", "1"}, {"b", "2"}});
  EXPECT_EQ(&first, &metrics.counter("x_total", "X.", {{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(&first, &metrics.counter("x_total", "X.", {{"b", "2"}}));
  EXPECT_EQ(&metrics.histogram("h", "H.", {1, 2}), &metrics.histogram("h", "H.", {1, 2}));
  EXPECT_EQ(&metrics.gauge("g", "G."), &metrics.gauge("g", "G."));
}

TEST(Metrics, CumulatesTheBucketsOfAHistogram) {
  Metrics metrics;
  Histogram& histogram = metrics.histogram("seconds", "Time.", {0.005, 1, 60}, {{"handler", "blob"}});
  for (const double value : {0.001, 0.005, 0.5, 1.0, 59.0, 61.0}) histogram.observe(value);
  histogram.observe(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(metrics.render(),
            "# HELP seconds Time.\n# TYPE seconds histogram\n"
            "seconds_bucket{handler=\"blob\",le=\"0.005\"} 2\n"
            "seconds_bucket{handler=\"blob\",le=\"1\"} 4\n"
            "seconds_bucket{handler=\"blob\",le=\"60\"} 5\n"
            "seconds_bucket{handler=\"blob\",le=\"+Inf\"} 6\n"
            "seconds_sum{handler=\"blob\"} 121.506\n"
            "seconds_count{handler=\"blob\"} 6\n");
}

TEST(Metrics, SumsMoreBytesThanAFixedPointHolds) {
  Metrics metrics;
  Histogram& histogram = metrics.histogram("bytes", "Sizes.", {1024});
  for (int i = 0; i < 4; ++i) histogram.observe(std::ldexp(1.0, 50));
  EXPECT_NE(metrics.render().find("bytes_sum 4503599627370496\n"), std::string::npos) << metrics.render();
}

TEST(Metrics, EscapesLabelsAndHelp) {
  Metrics metrics;
  metrics.gauge("g", "Says \"hi\"\nand \\.", {{"path", "a\"b\\c\nd"}}).set(1);
  EXPECT_EQ(metrics.render(), "# HELP g Says \"hi\"\\nand \\\\.\n# TYPE g gauge\ng{path=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST(Metrics, AsksReadersWhenRendered) {
  Metrics metrics;
  double value = 1.5;
  metrics.gauge_from("free_bytes", "Free.", [&value] { return value; });
  metrics.counter_from("cpu_total", "CPU.", [] { return std::numeric_limits<double>::infinity(); });
  metrics.gauge_from("broken", "Broken.", []() -> double { throw std::runtime_error("no"); });
  value = 2;
  EXPECT_EQ(metrics.render(),
            "# HELP broken Broken.\n# TYPE broken gauge\n"
            "# HELP cpu_total CPU.\n# TYPE cpu_total counter\ncpu_total +Inf\n"
            "# HELP free_bytes Free.\n# TYPE free_bytes gauge\nfree_bytes 2\n");
}

TEST(Metrics, LetsAReaderLookUpMetrics) {
  Metrics metrics;
  metrics.counter("seen_total", "Seen.").add(7);
  metrics.gauge_from("copy", "Copy.",
                     [&metrics] { return static_cast<double>(metrics.counter("seen_total", "").value()); });
  EXPECT_NE(metrics.render().find("copy 7\n"), std::string::npos);
}

TEST(Metrics, RefusesWhatPrometheusWould) {
  Metrics metrics;
  metrics.counter("x_total", "X.");
  EXPECT_THROW(metrics.gauge("x_total", "X."), Failure);
  EXPECT_THROW(metrics.counter("1x", "X."), Failure);
  EXPECT_THROW(metrics.counter("a-b", "X."), Failure);
  EXPECT_THROW(metrics.counter("", "X."), Failure);
  EXPECT_THROW(metrics.counter("y_total", "Y.", {{"le", "1"}}), Failure);
  EXPECT_THROW(metrics.counter("y_total", "Y.", {{"a", "1"}, {"a", "2"}}), Failure);
  EXPECT_THROW(metrics.counter("y_total", "Y.", {{"__a", "1"}}), Failure);
  EXPECT_THROW(metrics.histogram("h", "H.", {2, 1}), Failure);
  EXPECT_THROW(metrics.gauge_from("x_total", "X.", [] { return 1.0; }), Failure);
  metrics.render();
}

TEST(Metrics, CountsFromManyThreads) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&metrics] {
      for (int n = 0; n < 1000; ++n) {
        metrics.counter("n_total", "N.").add();
        metrics.histogram("h", "H.", {1}).observe(1);
        if (n % 100 == 0) metrics.render();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(metrics.counter("n_total", "N.").value(), 4000U);
  EXPECT_NE(metrics.render().find("h_sum 4000\nh_count 4000\n"), std::string::npos);
}

}  // namespace
}  // namespace berth
