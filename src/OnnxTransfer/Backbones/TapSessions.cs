using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>
/// The sessions of one backbone. The one for all taps is opened at once, so that whatever does not work shows early. One
/// for some of them is opened when it is first asked for, and only where it spares a part of the network.
/// </summary>
internal sealed class TapSessions : IDisposable
{
    // Each holds its part of the weights.
    private const int Most = 4;

    private readonly Lock _lock = new();
    private readonly OnnxModel _graph;
    private readonly IReadOnlyList<BackboneTap> _taps;
    private readonly SessionSettings _settings;
    private readonly List<(TapSet Taps, TapSession Session)> _open = [];
    private readonly Dictionary<TapSet, TapSession> _bySet = [];
    private OnnxSession? _unbatched;

    /// <summary>Opens the session for all <paramref name="taps"/>, the outputs of <paramref name="graph"/>.</summary>
    /// <exception cref="InferenceException">ONNX Runtime refuses the graph.</exception>
    /// <exception cref="ProviderException">The provider asked for does not work here.</exception>
    public TapSessions(OnnxModel graph, IReadOnlyList<BackboneTap> taps, SessionSettings settings)
    {
        var all = TapSet.First(taps.Count);
        (_graph, _taps) = (graph, taps);
        All = new(OnnxSession.Open(graph, settings), all.Indices(), NodesFor(all));
        _settings = All.Session.Settings;
        _open.Add((all, All));
    }

    /// <summary>How the first session was opened, and every further one is.</summary>
    public SessionSettings Settings => _settings;

    /// <summary>The session that computes every tap.</summary>
    public TapSession All { get; }

    /// <summary>
    /// The session that computes at least the taps <paramref name="wanted"/>, with as little of the network as may be:
    /// that of another set where it runs no more of it, or where enough are open.
    /// </summary>
    public TapSession For(TapSet wanted)
    {
        lock (_lock)
        {
            if (_bySet.TryGetValue(wanted, out var known))
            {
                return known;
            }

            var nodes = NodesFor(wanted);
            var session = _open.Where(open => wanted.IsWithin(open.Taps)).Select(open => open.Session).MinBy(open => open.Nodes)!;
            if (session.Nodes > nodes && _open.Count < Most)
            {
                var outputs = wanted.Indices().Select(tap => _taps[tap].OutputName);
                session = new(OnnxSession.Open(Cut.At(_graph, [.. outputs]), _settings), wanted.Indices(), nodes);
                _open.Add((wanted, session));
            }

            return _bySet[wanted] = session;
        }
    }

    /// <summary>The session of <paramref name="graph"/> for any number of images a run, opened at its first use where the others run.</summary>
    public OnnxSession Unbatched(Func<OnnxModel> graph)
    {
        lock (_lock)
        {
            return _unbatched ??= OnnxSession.Open(graph(), _settings with { BatchSize = 0, CudaBatchSize = 0, Gpu = _settings.Gpu with { CudaGraph = false } });
        }
    }

    public void Dispose()
    {
        _unbatched?.Dispose();
        foreach (var (_, session) in _open)
        {
            session.Session.Dispose();
        }
    }

    private int NodesFor(TapSet taps) => Cut.At(_graph, [.. taps.Indices().Select(tap => _taps[tap].GraphTensor).Distinct()]).NodeCount;
}
