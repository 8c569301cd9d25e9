using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Heads;

namespace OnnxTransfer.MLNet;

/// <summary>
/// Appends what a head predicts. Classes: Score, a vector of probabilities whose slots bear the class names, and
/// PredictedLabel, a key whose values are these names. One value: Score, a float; of an interval, its "value". Several values
/// or labels: Score, a vector whose slots bear their names.
/// </summary>
public sealed class HeadTransformer : AppendingTransformer, IDisposable
{
    internal const string Score = "Score";
    internal const string PredictedLabel = "PredictedLabel";

    // Of an interval ("low", "value", "high"), ML.NET's evaluators want the middle.
    private readonly int _value;

    internal HeadTransformer(IHead head, string featureColumnName, FitReport? report = null)
    {
        (Head, FeatureColumnName, Report) = (head, featureColumnName, report);
        bool isOne = head.Task == HeadTask.Values && (head.Outputs == 1 || head.ValueNames is ["low", IHead.ValueName, "high"]);
        _value = isOne ? head.Outputs / 2 : -1;
    }

    /// <summary>What was learned.</summary>
    public IHead Head { get; }

    /// <summary>How it was learned; null after loading.</summary>
    public FitReport? Report { get; }

    /// <summary>The column of embeddings.</summary>
    public string FeatureColumnName { get; }

    /// <summary>Closes what a loaded head holds open.</summary>
    public void Dispose() => (Head as IDisposable)?.Dispose();

    internal override AppendedSchema Bind(DataViewSchema input) => new(input, [HeadRows.FeatureColumn(input, FeatureColumnName, Head.Width)], Appended());

    internal override Delegate[] Getters(AppendedSchema schema, DataViewRow row)
    {
        var features = row.GetGetter<VBuffer<float>>(schema.Input[FeatureColumnName]);
        var (embedding, dense, outputs, position) = (default(VBuffer<float>), new float[Head.Width], new float[Head.Outputs], -1L);
        void Predict()
        {
            // Both columns of a row come of one prediction; a row that stays in its place, as a prediction engine's does, is new each time.
            if (position == row.Position && position >= 0 && row is DataViewRowCursor)
            {
                return;
            }

            features(ref embedding);
            embedding.CopyTo(dense);
            Head.Predict(dense, outputs);
            position = row.Position;
        }

        Delegate score = _value >= 0
            ? (ValueGetter<float>)((ref float value) =>
            {
                Predict();
                value = outputs[_value];
            })
            : (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
            {
                Predict();
                var editor = VBufferEditor.Create(ref value, outputs.Length);
                outputs.CopyTo(editor.Values);
                value = editor.Commit();
            });
        ValueGetter<uint> label = (ref uint key) =>
        {
            Predict();
            key = outputs.Contains(float.NaN) ? 0 : (uint)outputs.IndexOf(outputs.Max()) + 1;
        };
        return Head.Task == HeadTask.Classes ? [label, score] : [score];
    }

    internal override void Save(ModelSaveContext context) => SavedHead.Write(context, Head, FeatureColumnName);

    private IEnumerable<DataViewSchema.DetachedColumn> Appended()
    {
        var vector = new VectorDataViewType(NumberDataViewType.Single, Head.Outputs);
        if (Head.Task == HeadTask.Classes)
        {
            yield return new(PredictedLabel, new KeyDataViewType(typeof(uint), Head.Outputs), ColumnNames.Of(ColumnNames.KeyValues, Head.Classes));
        }

        yield return _value >= 0
            ? new(Score, NumberDataViewType.Single)
            : new(Score, vector, ColumnNames.Of(ColumnNames.SlotNames, Head.Task == HeadTask.Values ? Head.ValueNames : Head.Classes));
    }
}
