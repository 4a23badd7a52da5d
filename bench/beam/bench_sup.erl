%% The supervisors of the samples: a dynamic one, and a static one with an observed victim among idle siblings.
-module(bench_sup).
-behaviour(supervisor).
-export([dynamic/0, static/3, stop/1]).
-export([init/1]).

dynamic() -> supervisor:start_link(?MODULE, dynamic).

static(Observer, Observed, Idle) -> supervisor:start_link(?MODULE, {Observer, Observed, Idle}).

stop(Supervisor) ->
    unlink(Supervisor),
    Monitor = monitor(process, Supervisor),
    exit(Supervisor, shutdown),
    receive {'DOWN', Monitor, process, _, _} -> ok end.

init(dynamic) ->
    Child = #{id => child, start => {bench_server, start_link, []}},
    {ok, {(flags())#{strategy => simple_one_for_one}, [Child]}};
init({Observer, Observed, Idle}) ->
    Victims = [#{id => {observed, N}, start => {bench_server, start_link, [Observer]}} || N <- lists:seq(1, Observed)],
    Siblings = [#{id => N, start => {bench_server, start_link, []}} || N <- lists:seq(1, Idle)],
    {ok, {flags(), Victims ++ Siblings}}.

flags() -> #{strategy => one_for_one, intensity => 1000000000, period => 1000}.
