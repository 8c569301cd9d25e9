using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Inference;

/// <summary>
/// Copies tensors between host and device by a graph of one Identity: the runtime moves what it is fed and what it gives to
/// wherever the memory handed to it lies.
/// </summary>
internal sealed class DeviceCopy : IDisposable
{
    private static readonly string[] From = ["from"], To = ["to"];

    private readonly SessionSettings _settings;
    private readonly RunOptions _options = new();
    private readonly Dictionary<TensorElementType, InferenceSession> _sessions = [];

    /// <summary>Copies to and from the device of <paramref name="settings"/>.</summary>
    public DeviceCopy(SessionSettings settings) =>
        _settings = settings with { Provider = settings.Provider.IsGpu() ? ExecutionProvider.Cuda : settings.Provider, Gpu = new() };

    /// <summary>Both of the same type and shape.</summary>
    public void Copy(OrtValue from, OrtValue to)
    {
        var type = from.GetTensorTypeAndShape().ElementDataType;
        if (!_sessions.TryGetValue(type, out var session))
        {
            _sessions[type] = session = Open((ElementType)(int)type);
        }

        session.Run(_options, From, [from], To, [to]);
    }

    public void Dispose()
    {
        foreach (var session in _sessions.Values)
        {
            session.Dispose();
        }

        _options.Dispose();
    }

    private InferenceSession Open(ElementType type)
    {
        var builder = GraphBuilder.Empty(name: "device copy");
        builder.Input("from", type);
        builder.NodeInto("to", "Identity", ["from"]);
        builder.Output("to", type);
        byte[] bytes = builder.Build().ToBytes();
        return ProviderChoice.Open(_settings, "device copy", (options, _) => new InferenceSession(bytes, options)).Made;
    }
}
