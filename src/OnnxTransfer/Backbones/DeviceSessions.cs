using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>The sessions of one backbone on each of its GPUs; on the CPU, which is one, the first alone.</summary>
internal sealed class DeviceSessions : IDisposable
{
    private readonly List<TapSessions> _devices = [];

    /// <summary>Opens the session for all <paramref name="taps"/> on every device, the first one choosing the provider.</summary>
    /// <exception cref="BackboneException">A device is named twice, or several are asked for with a CUDA graph.</exception>
    /// <exception cref="InferenceException">ONNX Runtime refuses the graph.</exception>
    /// <exception cref="ProviderException">The provider asked for does not work here, or one of the devices.</exception>
    public DeviceSessions(OnnxModel graph, IReadOnlyList<BackboneTap> taps, SessionSettings settings, IReadOnlyList<int> devices, int runThreads)
    {
        if (devices.Distinct().Count() < devices.Count || devices.Any(device => device < 0))
        {
            throw new BackboneException($"devices {string.Join(", ", devices)}: expected numbers of GPUs from 0 on, each once");
        }

        if (devices.Count > 1 && settings.Gpu.CudaGraph)
        {
            throw new BackboneException($"devices {string.Join(", ", devices)}: CUDA graphs are recorded one at a time, which several GPUs would wait for; leave out the graph (--cuda-graph) or all but one GPU");
        }

        try
        {
            _devices.Add(new(graph, taps, settings, runThreads));
            if (First.Settings.Provider.IsGpu())
            {
                _devices.AddRange(devices.Skip(1).Select(device => new TapSessions(graph, taps, First.Settings with { Device = device }, runThreads)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Those of the first device.</summary>
    public TapSessions First => _devices[0];

    /// <summary>How many devices run at once.</summary>
    public int Count => _devices.Count;

    /// <summary>Those of a device, by its place in the list of devices.</summary>
    public TapSessions this[int index] => _devices[index];

    public void Dispose() => _devices.ForEach(device => device.Dispose());
}
