using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace OnnxTransfer.Inference;

/// <summary>
/// The run of one batch's buffers as a CUDA graph. A graph holds addresses: inputs and outputs are bound to memory of the
/// GPU that stays in place, and the batch is copied there and back. The first run warms up and records, later ones replay.
/// </summary>
/// <remarks>
/// The runtime keeps a recorded graph with the thread that recorded it and records anew on another one. While CUDA records,
/// no other thread of the process may allocate or copy ("CUDA failure 900"), so recorded runs take turns.
/// </remarks>
internal sealed class RecordedRun : IDisposable
{
    /// <summary>Held by whoever records, and by whoever allocates memory of the GPU or page-locked memory meanwhile.</summary>
    public static readonly Lock Turn = new();

    private static int _count;

    private readonly InferenceSession _session;
    private readonly (OrtValue Host, BoundTensor Device)[] _inputs;
    private readonly (OrtValue Host, BoundTensor Device)[] _outputs;
    private readonly OrtAllocator _allocator;
    private readonly OrtIoBinding _binding;
    private readonly RunOptions _options = new();
    private readonly DeviceCopy _copy;

    /// <summary>Binds memory of <paramref name="device"/> for <paramref name="buffers"/>, whose values are in the session's order.</summary>
    public RecordedRun(InferenceSession session, OrtMemoryInfo device, SessionSettings settings, BatchBuffers buffers)
    {
        _session = session;
        _allocator = new OrtAllocator(session, device);
        _copy = new DeviceCopy(settings);
        _inputs = Array.ConvertAll(buffers.InputValues, OnDevice);
        _outputs = Array.ConvertAll(buffers.OutputValues, OnDevice);
        _binding = session.CreateIoBinding();
        foreach (var (name, (_, value)) in session.InputNames.Zip(_inputs))
        {
            _binding.BindInput(name, value.Value);
        }

        foreach (var (name, (_, value)) in session.OutputNames.Zip(_outputs))
        {
            _binding.BindOutput(name, value.Value);
        }

        // One graph for each batch's memory; 0 is the runtime's own number for runs without one.
        _options.AddRunConfigEntry("gpu_graph_id", Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Runs the batch.</summary>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime failed.</exception>
    public void Run()
    {
        lock (Turn)
        {
            foreach (var (host, device) in _inputs)
            {
                _copy.Copy(host, device.Value);
            }

            _session.RunWithBinding(_options, _binding);
            foreach (var (host, device) in _outputs)
            {
                _copy.Copy(device.Value, host);
            }
        }
    }

    public void Dispose()
    {
        _binding.Dispose();
        foreach (var (_, device) in _inputs.Concat(_outputs))
        {
            device.Dispose();
        }

        _copy.Dispose();
        _options.Dispose();
        _allocator.Dispose();
    }

    private (OrtValue Host, BoundTensor Device) OnDevice(OrtValue host)
    {
        var info = host.GetTensorTypeAndShape();
        return (host, BoundTensor.OnDevice(_allocator, info.ElementDataType, info.Shape));
    }
}
