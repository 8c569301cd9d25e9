using Microsoft.ML;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.MLNet;

/// <summary>Scores that only ML.NET itself can compute: those of a transformer per output, times a scale, plus a shift.</summary>
internal sealed record TransformedScores(
    int Width, double[] Scale, double[] Shift, IReadOnlyList<ITransformer?> Transformers) : IScores
{
    public int Outputs => Transformers.Count;

    public bool AllFinite => Array.TrueForAll(Scale, double.IsFinite) && Array.TrueForAll(Shift, double.IsFinite);

    public void Score(IRows rows, Matrix scores)
    {
        var view = new EmbeddingSet { Rows = rows }.ToDataView();
        for (int c = 0; c < Outputs; c++)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                scores.Row(i)[c] = (float)Shift[c];
            }

            if (Transformers[c]?.Transform(view) is not { } transformed)
            {
                continue;
            }

            // One cursor alone keeps the rows' order.
            var column = transformed.Schema["Score"];
            using var cursor = transformed.GetRowCursor([column]);
            var getter = cursor.GetGetter<float>(column);
            float score = 0;
            for (int i = 0; cursor.MoveNext(); i++)
            {
                getter(ref score);
                scores.Row(i)[c] = (float)((Scale[c] * score) + Shift[c]);
            }
        }
    }

    public string Write(GraphBuilder builder, string embedding) => throw new FitException($"this head cannot be written as ONNX: {Algorithms.NoOnnxForm}");
}
