using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>A tap in use.</summary>
/// <param name="Name">Its name in the description.</param>
/// <param name="Tensor">Its tensor.</param>
/// <param name="Shape">[C, H, W] or [D], before pooling.</param>
/// <param name="Pooling">How it becomes a vector.</param>
/// <param name="Width">The length of that vector.</param>
/// <param name="Layout">Layout of the map in the graph.</param>
/// <param name="Identity">All that decides the vector of given pixels: weights, tensor, pooling, normalisation, precision. For cache keys.</param>
public sealed record BackboneTap(string Name, string Tensor, IReadOnlyList<int> Shape, TapPooling Pooling, int Width, TensorLayout Layout, string Identity)
{
    /// <summary>As it is asked for: <c>layer3:average</c>.</summary>
    public string Label => $"{Name}:{Pooling}";

    /// <summary>Name of its tensor in the graph made of the network.</summary>
    internal string GraphTensor => TapGraph.NameOf(Tensor);

    /// <summary>Name of the graph output that holds it.</summary>
    internal string OutputName => $"embedding_{Name}_{Pooling}";
}
