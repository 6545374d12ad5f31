#include "library.hpp"

namespace bench {

library::library(std::string name, std::vector<std::string> command, bool wants_warm_up, std::string missing)
    : name_{std::move(name)}, command_{std::move(command)}, wants_warm_up_{wants_warm_up}, missing_{std::move(missing)}
{
}

std::shared_ptr<library> library::curator()
{
    const std::vector<std::string> command{BENCH_JAVA, "-cp", BENCH_CURATOR_CLASS_PATH,
                                           "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "turnstile.bench.Peer"};
    return std::shared_ptr<library>{new library{"Curator", command, true, BENCH_CURATOR_MISSING}};
}

std::shared_ptr<library> library::kazoo()
{
    const std::vector<std::string> command{BENCH_PYTHON, "-B", BENCH_KAZOO};
    return std::shared_ptr<library>{new library{"kazoo", command, false, BENCH_KAZOO_MISSING}};
}

std::shared_ptr<library> library::another() const
{
    return std::shared_ptr<library>{new library{name_, command_, wants_warm_up_, missing_}};
}

answer library::ask(const arena& where, const std::string& request)
{
    if (!process_)
        process_ = std::make_unique<told_process>(name_, command_, where.servers);
    return process_->ask(request);
}

meter_of_another library::meter(const arena& where) const { return {where.servers, process_->pid()}; }

peer beside(std::shared_ptr<library> who, std::function<reading(library&, const arena&)> go)
{
    peer p{who->name_, {}, false, who->wants_warm_up_, who->missing_};
    if (p.missing.empty())
        p.go = [who = std::move(who), go = std::move(go)](const arena& a) { return go(*who, a); };
    return p;
}

}  // namespace bench
