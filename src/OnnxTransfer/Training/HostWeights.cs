using System.Runtime.InteropServices;
using Google.Protobuf;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Training;

/// <summary>A copy on the host of what a training has made of a network's weights, float32, and running statistics.</summary>
internal sealed class HostWeights
{
    private readonly Dictionary<string, byte[]> _values;

    /// <summary>Memory for those of a session.</summary>
    public HostWeights(TrainingSession session) =>
        _values = session.Weights.ToDictionary(name => name, name => new byte[session.Length(name)], StringComparer.Ordinal);

    /// <summary>The numbers by the weights' names, as they lie in memory.</summary>
    public IReadOnlyDictionary<string, byte[]> Values => _values;

    /// <summary>Whether all numbers are finite.</summary>
    public bool AreFinite => _values.Values.All(values => FloatProducts.AllFinite(MemoryMarshal.Cast<byte, float>(values)));

    /// <summary>Reads them as the last step left them.</summary>
    public void Read(TrainingSession session)
    {
        foreach (var (name, values) in _values)
        {
            session.Read<byte>(name, values);
        }
    }

    /// <summary>The network for prediction with these weights: batch norms by their running statistics.</summary>
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
