using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>A network with fresh weights.</summary>
/// <param name="Model">The graph; its batch norms are in training mode.</param>
/// <param name="Weights">All that can be trained: kernels and matrices decay, biases and norms do not.</param>
internal sealed record ReinitialisedNetwork(OnnxModel Model, IReadOnlyList<Trainable> Weights)
{
    /// <summary>
    /// The same graph with what a training made of its weights and of the running statistics of its batch norms, which are in
    /// prediction mode.
    /// </summary>
    /// <param name="trained">A graph that holds all of them under their names.</param>
    public OnnxModel With(OnnxModel trained)
    {
        var proto = Model.Proto.Clone();
        var values = trained.Graph.Initializer.ToDictionary(weight => weight.Name, StringComparer.Ordinal);
        for (int i = 0; i < proto.Graph.Initializer.Count; i++)
        {
            proto.Graph.Initializer[i] = values.GetValueOrDefault(proto.Graph.Initializer[i].Name, proto.Graph.Initializer[i]);
        }

        foreach (var norm in proto.Graph.Node.Where(node => node.IsStandard("BatchNormalization")))
        {
            norm.Attribute.Remove(norm.Find(Reinitialisation.TrainingMode)!);
        }

        return new OnnxModel(proto, Model.Source);
    }
}
