using Google.Protobuf;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Training;

/// <summary>A copy on the host of what a training has made of a network's weights.</summary>
internal sealed class HostWeights
{
    private readonly Dictionary<string, byte[]> _values;

    private HostWeights(Dictionary<string, byte[]> values) => _values = values;

    /// <summary>Memory for the weights and running statistics of a session.</summary>
    public static HostWeights For(TrainingSession session) =>
        new(session.Weights.ToDictionary(name => name, name => new byte[session.Length(name)], StringComparer.Ordinal));

    /// <summary>The numbers by the weights' names, as they lie in memory.</summary>
    public IReadOnlyDictionary<string, byte[]> Values => _values;

    /// <summary>Reads them as the last step left them.</summary>
    public void Read(TrainingSession session)
    {
        foreach (var (name, values) in _values)
        {
            session.Read<byte>(name, values);
        }
    }

    /// <summary>The network for prediction with these weights: batch norms by their running statistics, nothing dropped out.</summary>
    public OnnxModel PutInto(OnnxModel model)
    {
        var builder = GraphBuilder.Over(model);
        var weights = builder.Graph.Initializer;
        for (int i = 0; i < weights.Count; i++)
        {
            if (_values.TryGetValue(weights[i].Name, out var values))
            {
                var trained = new TensorProto { Name = weights[i].Name, DataType = weights[i].DataType, RawData = ByteString.CopyFrom(values) };
                trained.Dims.AddRange(weights[i].Dims);
                weights[i] = trained;
            }
        }

        foreach (var node in builder.Graph.Node)
        {
            PredictionMode.Set(node);
        }

        return builder.Build();
    }
}
