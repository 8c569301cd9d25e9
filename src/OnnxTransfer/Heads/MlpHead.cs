using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Heads;

/// <summary>
/// A multilayer perceptron: dense layers with max(x, 0) between them and an activation at the end. Standardisation of
/// embeddings and targets is folded into the first and last layer.
/// </summary>
public sealed class MlpHead : IHead
{
    private readonly DenseNetwork _network;

    /// <summary>A head of given layers; nothing is copied.</summary>
    /// <param name="layers">At least one; the outputs of each are the inputs of the next.</param>
    /// <param name="activation">What is done with the last layer's outputs.</param>
    /// <param name="classes">k names in the order of the outputs for <see cref="Activation.Softmax"/> and <see cref="Activation.Sigmoid"/>, else empty.</param>
    /// <param name="valueNames">m names of the values for the other activations; null: one value, named "value".</param>
    /// <exception cref="ArgumentException">The sizes do not fit each other.</exception>
    public MlpHead(IReadOnlyList<DenseLayer> layers, Activation activation, IReadOnlyList<string> classes, IReadOnlyList<string>? valueNames = null)
    {
        bool isClassifier = activation is Activation.Softmax or Activation.Sigmoid;
        valueNames ??= isClassifier ? [] : [IHead.ValueName];
        int outputs = layers.Count == 0 ? 0 : layers[^1].Outputs;
        if (layers.Count == 0 || layers.Zip(layers.Skip(1)).Any(pair => pair.First.Outputs != pair.Second.Inputs)
            || classes.Count != (isClassifier ? outputs : 0) || valueNames.Count != (isClassifier ? 0 : outputs))
        {
            throw new ArgumentException(
                $"layers of {string.Join(", ", layers.Select(layer => $"{layer.Inputs} x {layer.Outputs}"))}, {classes.Count} class names and {valueNames.Count} value names "
                + $"do not make a {activation} head; expected the outputs of each layer to be the inputs of the next, and a name per output of the last");
        }

        Layers = layers;
        Activation = activation;
        Classes = classes;
        ValueNames = valueNames;
        _network = new DenseNetwork(layers);
    }

    /// <inheritdoc/>
    public HeadTask Task => Activation switch
    {
        Activation.Softmax => HeadTask.Classes,
        Activation.Sigmoid => HeadTask.Labels,
        _ => HeadTask.Values,
    };

    /// <inheritdoc/>
    public int Width => _network.Width;

    /// <inheritdoc/>
    public int Outputs => _network.Outputs;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> ValueNames { get; }

    /// <summary>The layers, from the raw embedding on.</summary>
    public IReadOnlyList<DenseLayer> Layers { get; }

    /// <summary>What is done with the last layer's outputs.</summary>
    public Activation Activation { get; }

    /// <inheritdoc/>
    public Matrix Predict(IRows rows)
    {
        PredictCheck.Width(this, rows.Width);
        var result = new Matrix(rows.Count, Outputs);
        int blocks = (rows.Count + DenseNetwork.BlockRows - 1) / DenseNetwork.BlockRows;
        Parallel.For(0, blocks, () => (Rows: new float[DenseNetwork.BlockRows * Width], Scratch: _network.Scratch(DenseNetwork.BlockRows)), (block, _, buffers) =>
        {
            int first = block * DenseNetwork.BlockRows, count = Math.Min(DenseNetwork.BlockRows, rows.Count - first);
            for (int i = 0; i < count; i++)
            {
                rows[first + i].CopyTo(buffers.Rows.AsSpan(i * Width, Width));
            }

            var outputs = result.Values.AsSpan(first * Outputs, count * Outputs);
            _network.Forward(buffers.Rows.AsSpan(0, count * Width), outputs, buffers.Scratch);
            for (int i = 0; i < count; i++)
            {
                Activation.Apply(outputs.Slice(i * Outputs, Outputs));
            }

            return buffers;
        }, _ => { });
        return result;
    }

    /// <inheritdoc/>
    public void Predict(ReadOnlySpan<float> embedding, Span<float> result)
    {
        PredictCheck.Row(this, embedding, result);
        _network.Forward(embedding, result, _network.Scratch(1));
        Activation.Apply(result);
    }

    /// <inheritdoc/>
    public OnnxModel ToOnnx(int opset = 13)
    {
        var builder = GraphBuilder.Empty(opset, "head");
        string values = builder.Input(IHead.EmbeddingName, ElementType.Float, -1, Width);
        foreach (var (i, layer) in Layers.SkipLast(1).Index())
        {
            string weights = builder.Floats($"layer{i}_weights", layer.Weights, layer.Outputs, layer.Inputs);
            string sums = builder.Node("Gemm", [values, weights, builder.Floats($"layer{i}_bias", layer.Bias, layer.Outputs)], $"layer{i}_sums", ("transB", 1));
            values = builder.Node("Relu", [sums], $"layer{i}");
        }

        var (output, kind) = Activation.Output();
        return HeadGraph.Attach(builder.Build(), values, Layers[^1].Weights, Layers[^1].Bias, kind, output);
    }
}
