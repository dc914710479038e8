#include "observe/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <variant>

#include "base/failure.h"

namespace berth {
namespace {

enum class MetricType { counter, gauge, histogram };

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
  }
  return "untyped";
}

// [a-zA-Z_:][a-zA-Z0-9_:]*; label names have no colon and "__" is Prometheus's own.
bool is_name(std::string_view text, std::string_view extra) {
  const auto is_letter = [extra](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || extra.find(c) != std::string_view::npos;
  };
  if (text.empty() || !is_letter(text.front())) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

bool is_label_name(std::string_view text) {
  return is_name(text, "_") && !text.starts_with("__") && text != "le";
}

enum class Quotes { keep, escape };

std::string escape(std::string_view text, Quotes quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes == Quotes::escape) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

/// `a="x",b="y"`, in order of the names: also what makes two label sets the same.
std::string render_labels(std::string_view metric, MetricLabels labels) {
  std::sort(labels.begin(), labels.end());
  std::string out;
  std::string_view last;
  for (const auto& [name, value] : labels) {
    if (!is_label_name(name) || name == last) {
      throw Failure(FailureKind::internal, fmt::format("metric {}: bad or repeated label \"{}\"", metric, name));
    }
    last = name;
    if (!out.empty()) out += ',';
    out += fmt::format("{}=\"{}\"", name, escape(value, Quotes::escape));
  }
  return out;
}

std::string render_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string sample(std::string_view name, std::string_view labels, std::string_view value) {
  return labels.empty() ? fmt::format("{} {}\n", name, value) : fmt::format("{}{{{}}} {}\n", name, labels, value);
}

using Instrument =
    std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>, std::function<double()>>;

struct Family {
  MetricType type = MetricType::gauge;
  std::string help;
  std::map<std::string, Instrument> instruments;  // by rendered labels
};

}  // namespace

Histogram::Histogram(std::vector<double> upper_bounds) : bounds_(std::move(upper_bounds)), counts_(bounds_.size() + 1) {
  const auto is_disordered = [](double left, double right) { return !(left < right); };
  if (std::adjacent_find(bounds_.begin(), bounds_.end(), is_disordered) != bounds_.end() ||
      std::any_of(bounds_.begin(), bounds_.end(), [](double bound) { return !std::isfinite(bound); })) {
    throw Failure(FailureKind::internal, "the bounds of a histogram do not ascend");
  }
}

void Histogram::observe(double value) {
  if (std::isnan(value)) return;  // would spoil the sum for good
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

struct Metrics::State {
  mutable std::mutex mutex;
  std::map<std::string, Family, std::less<>> families;  // guarded by mutex; instruments are never removed

  /// The place for an instrument; the lock is held by the caller.
  Instrument& place(MetricType type, std::string_view name, std::string_view help, MetricLabels labels) {
    if (!is_name(name, "_:")) throw Failure(FailureKind::internal, fmt::format("bad metric name \"{}\"", name));
    std::string rendered = render_labels(name, std::move(labels));
    auto family = families.find(name);
    if (family == families.end()) {
      family = families.emplace(std::string(name), Family{type, std::string(help), {}}).first;
    }
    if (family->second.type != type) {
      throw Failure(FailureKind::internal,
                    fmt::format("metric {} is a {} and a {}", name, type_name(family->second.type), type_name(type)));
    }
    return family->second.instruments.try_emplace(std::move(rendered)).first->second;
  }

  template <class T, class... Arguments>
  T& find_or_add(MetricType type, std::string_view name, std::string_view help, MetricLabels labels,
                 Arguments&&... arguments) {
    const std::scoped_lock lock(mutex);
    Instrument& instrument = place(type, name, help, std::move(labels));
    if (std::holds_alternative<std::function<double()>>(instrument)) {
      throw Failure(FailureKind::internal, fmt::format("metric {} is read from elsewhere", name));
    }
    auto* held = std::get_if<std::unique_ptr<T>>(&instrument);
    if (held == nullptr || *held == nullptr) {
      instrument = std::make_unique<T>(std::forward<Arguments>(arguments)...);
      held = std::get_if<std::unique_ptr<T>>(&instrument);
    }
    return **held;
  }

  void set_reader(MetricType type, std::string_view name, std::string_view help, std::function<double()> read,
                  MetricLabels labels) {
    const std::scoped_lock lock(mutex);
    Instrument& instrument = place(type, name, help, std::move(labels));
    const auto* counter = std::get_if<std::unique_ptr<Counter>>(&instrument);
    const bool is_new = counter != nullptr && *counter == nullptr;
    if (!is_new && !std::holds_alternative<std::function<double()>>(instrument)) {
      throw Failure(FailureKind::internal, fmt::format("metric {} is counted here already", name));
    }
    instrument = std::move(read);
  }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string_view name, std::string_view help, MetricLabels labels) {
  return state_->find_or_add<Counter>(MetricType::counter, name, help, std::move(labels));
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, MetricLabels labels) {
  return state_->find_or_add<Gauge>(MetricType::gauge, name, help, std::move(labels));
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::vector<double> upper_bounds,
                              MetricLabels labels) {
  return state_->find_or_add<Histogram>(MetricType::histogram, name, help, std::move(labels), std::move(upper_bounds));
}

void Metrics::gauge_from(std::string_view name, std::string_view help, std::function<double()> read,
                         MetricLabels labels) {
  state_->set_reader(MetricType::gauge, name, help, std::move(read), std::move(labels));
}

void Metrics::counter_from(std::string_view name, std::string_view help, std::function<double()> read,
                           MetricLabels labels) {
  state_->set_reader(MetricType::counter, name, help, std::move(read), std::move(labels));
}

std::string Metrics::render() const {
  const auto render_histogram = [](std::string_view name, const std::string& labels, const Histogram& histogram) {
    const std::string prefix = labels.empty() ? "" : labels + ",";
    const std::string bucket_name = fmt::format("{}_bucket", name);
    std::string out;
    std::uint64_t total = 0;  // counted up from one reading, so that _count is always the last bucket
    for (std::size_t i = 0; i < histogram.counts_.size(); ++i) {
      total += histogram.counts_[i].load(std::memory_order_relaxed);
      const std::string bound = i < histogram.bounds_.size() ? render_number(histogram.bounds_[i]) : "+Inf";
      out += sample(bucket_name, fmt::format("{}le=\"{}\"", prefix, bound), fmt::format("{}", total));
    }
    out += sample(fmt::format("{}_sum", name), labels, render_number(histogram.sum_.load(std::memory_order_relaxed)));
    out += sample(fmt::format("{}_count", name), labels, fmt::format("{}", total));
    return out;
  };

  // What is to be rendered is gathered under the lock; the readers are called without it, since they may look up
  // metrics.
  struct Sample {
    std::string labels;
    std::string text;              // rendered already
    std::function<double()> read;  // or to be asked
  };
  struct Block {
    std::string name;
    std::string header;
    std::vector<Sample> samples;
  };
  std::vector<Block> blocks;
  {
    const std::scoped_lock lock(state_->mutex);
    for (const auto& [name, family] : state_->families) {
      Block block{name,
                  fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escape(family.help, Quotes::keep), name,
                              type_name(family.type)),
                  {}};
      for (const auto& [labels, instrument] : family.instruments) {
        Sample made{labels, {}, {}};
        if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&instrument)) {
          if (*counter == nullptr) continue;  // a histogram whose bounds were refused
          made.text = sample(name, labels, fmt::format("{}", (*counter)->value()));
        } else if (const auto* gauge = std::get_if<std::unique_ptr<Gauge>>(&instrument)) {
          made.text = sample(name, labels, fmt::format("{}", (*gauge)->value()));
        } else if (const auto* histogram = std::get_if<std::unique_ptr<Histogram>>(&instrument)) {
          made.text = render_histogram(name, labels, **histogram);
        } else {
          made.read = std::get<std::function<double()>>(instrument);
        }
        block.samples.push_back(std::move(made));
      }
      blocks.push_back(std::move(block));
    }
  }

  std::string out;
  for (const Block& block : blocks) {
    out += block.header;
    for (const Sample& made : block.samples) {
      if (!made.read) {
        out += made.text;
        continue;
      }
      try {
        out += sample(block.name, made.labels, render_number(made.read()));
      } catch (const std::exception&) {
        // The sample is missing, which is what an unknown value looks like to Prometheus.
      }
    }
  }
  return out;
}

}  // namespace berth
