using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.MLNet;

/// <summary>Naive Bayes: W [x > threshold] + b, the logarithms of the classes' shares up to a constant.</summary>
/// <param name="Thresholds">D: what a column must exceed to count as present.</param>
/// <param name="Linear">k x D weights of what is present, k biases.</param>
internal sealed record BinarisedScores(float[] Thresholds, LinearScores Linear) : IScores
{
    public int Width => Linear.Width;

    public int Outputs => Linear.Outputs;

    public bool AllFinite => Linear.AllFinite && FloatProducts.AllFinite(Thresholds);

    public void Score(IRows rows, Matrix scores) => Linear.Score(new PresentRows(rows, Thresholds), scores);

    public string Write(GraphBuilder builder, string embedding)
    {
        string present = builder.Node("Greater", [embedding, builder.Floats("head_thresholds", Thresholds, Width)], "head_is_present");
        return Linear.Write(builder, builder.Node("Cast", [present], "head_present", ("to", (int)ElementType.Float)));
    }

    private sealed class PresentRows(IRows rows, float[] thresholds) : IRows
    {
        public int Count => rows.Count;

        public int Width => rows.Width;

        public ReadOnlySpan<float> this[int index]
        {
            get
            {
                var present = new float[Width];
                var row = rows[index];
                for (int j = 0; j < present.Length; j++)
                {
                    present[j] = row[j] > thresholds[j] ? 1 : 0;
                }

                return present;
            }
        }
    }
}
