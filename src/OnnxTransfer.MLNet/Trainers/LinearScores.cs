using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.MLNet;

/// <summary>W x + b of raw embeddings.</summary>
/// <param name="Weights">k x D, row by row.</param>
/// <param name="Bias">k.</param>
internal sealed record LinearScores(float[] Weights, float[] Bias) : IScores
{
    public int Width => Weights.Length / Bias.Length;

    public int Outputs => Bias.Length;

    public bool AllFinite => FloatProducts.AllFinite(Weights) && FloatProducts.AllFinite(Bias);

    public void Score(IRows rows, Matrix scores) => Parallel.For(0, rows.Count, i =>
    {
        var row = scores.Row(i);
        FloatProducts.Multiply(rows[i], Weights, Width, row);
        for (int c = 0; c < row.Length; c++)
        {
            row[c] += Bias[c];
        }
    });

    public string Write(GraphBuilder builder, string embedding) => builder.Node(
        "Gemm",
        [embedding, builder.Floats("head_weights", Weights, Outputs, Width), builder.Floats("head_bias", Bias, Outputs)],
        "head_scores",
        ("transB", 1));
}
