using OnnxTransfer.Datasets;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class TransferResultsFileTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Dataset _data = MadeUpTransfer.Classes([40, 40], [10, 10]);
    private readonly List<string> _run = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_interrupted_study_goes_on_where_it_was()
    {
        string file = _folder["transfer.json"];
        using var interruption = new CancellationTokenSource();
        var study = new TransferStudy { Shares = [0.1, 0.5, 1], Results = file };
        var interrupting = Told(TransferWay.Probe, 15) with
        {
            Run = (task, cancellation) =>
            {
                if (task.Train.Length == 40)
                {
                    interruption.Cancel();
                    cancellation.ThrowIfCancellationRequested();
                }

                return Told(TransferWay.Probe, 15).Run(task, cancellation);
            },
        };
        Assert.Throws<OperationCanceledException>(() => study.Run(_data, [Told(TransferWay.Scratch, 10), interrupting], null, interruption.Token));
        Assert.Equal(["scratch 8", "probe 8", "scratch 40"], _run);

        _run.Clear();
        var continued = study.Run(_data, [Told(TransferWay.Scratch, 10), Told(TransferWay.Probe, 15)]);
        Assert.Equal(["probe 40", "scratch 80", "probe 80"], _run);
        Assert.Equal((3, 3), (continued.Kept, continued.Made));

        _run.Clear();
        var again = study.Run(_data, [Told(TransferWay.Scratch, 10), Told(TransferWay.Probe, 15)]);
        var anew = (study with { Results = null }).Run(_data, [Told(TransferWay.Scratch, 10), Told(TransferWay.Probe, 15)]);
        Assert.Equal((6, 0), (again.Kept, again.Made));
        Assert.Equal((0, 6), (anew.Kept, anew.Made));
        Assert.Equal(anew.Verdict, again.Verdict);
        Assert.Equal(anew.Comparisons, again.Comparisons);
    }

    [Fact]
    public void Whatever_answers_depend_on_asks_for_them_anew()
    {
        var study = new TransferStudy { Shares = [1], Results = _folder["transfer.json"], Content = "a" };
        int Made(TransferStudy with, Dataset data, TransferWay way) => with.Run(data, [way]).Made;
        var way = Told(TransferWay.Probe, 15);
        Assert.Equal(1, Made(study, _data, way));
        Assert.Equal(0, Made(study, _data, way));
        Assert.Equal(1, Made(study with { Content = "b" }, _data, way));
        Assert.Equal(1, Made(study with { Seed = 1 }, _data, way));
        Assert.Equal(1, Made(study, _data, way with { Settings = "rate 0.1" }));
        Assert.Equal(1, Made(study, _data with { Items = [.. _data.Items.Select(item => item with { Label = 1 - item.Label })] }, way));
        Assert.Equal(1, Made(study, _data, Told(TransferWay.Scratch, 15)));
        Assert.Equal(0, Made(study, _data, way)); // the others did not take its place
    }

    [Fact]
    public void A_source_or_a_larger_share_asks_anew_only_for_what_depends_on_it()
    {
        var study = new TransferStudy { Shares = [0.5], Repeats = 2, Results = _folder["transfer.json"] };
        var way = Told(TransferWay.FineTuned, 15);
        int Made(TransferStudy with, TransferWay asked) => with.Run(_data, [asked]).Made;
        Assert.Equal(2, Made(study, way));
        Assert.Equal(2, Made(study with { Shares = [0.5, 1] }, way));
        _run.Clear();
        Assert.Equal(1, Made(study with { Shares = [0.5, 1] }, way with { SourceSettings = "cifar" }));
        Assert.Equal(["fine-tuned 80"], _run);
        Assert.Equal(1, Made(study with { Shares = [0.5, 1] }, way with { SourceSettings = "another" }));
        Assert.Equal(0, Made(study with { Shares = [0.5, 1] }, way));
    }

    [Fact]
    public void What_a_training_left_behind_goes_once_its_answer_is_in_the_file_and_not_before()
    {
        var (file, gone) = (_folder["transfer.json"], new List<bool>());
        var study = new TransferStudy { Shares = [0.5, 1], Results = file };
        var way = Told(TransferWay.Probe, 15);
        var leaving = way with { Run = (task, token) => way.Run(task, token) with { Kept = () => gone.Add(File.ReadAllText(file).Contains(task.Key)) } };
        study.Run(_data, [leaving]);
        Assert.Equal([true, true], gone);
        study.Run(_data, [leaving]);
        var unfit = way with { Run = (_, _) => new TransferAnswer(new Matrix(1, 1), 1) { Kept = () => gone.Add(false) } };
        Assert.NotNull((study with { Seed = 1 }).Run(_data, [unfit]).Points[0].Failure);
        Assert.Equal(2, gone.Count);
    }

    [Fact]
    public void A_failure_is_not_kept_and_tried_again()
    {
        var study = new TransferStudy { Shares = [1], Results = _folder["transfer.json"] };
        var failing = new TransferWay(TransferWay.Probe, (_, _) => throw new TransferException("out of memory"));
        Assert.Equal("out of memory", study.Run(_data, [failing]).Points[0].Failure);
        var mended = study.Run(_data, [Told(TransferWay.Probe, 15)]);
        Assert.Equal((1, null), (mended.Made, mended.Points[0].Failure));
    }

    [Fact]
    public void What_the_source_lost_and_the_notes_are_kept_too()
    {
        var study = new TransferStudy { Shares = [1], Results = _folder["transfer.json"] };
        var loss = new ProbeLoss(800, 200, 0.9, new(0.85, 0.94), 0.8, new(0.74, 0.85), 10, new(6, 14));
        var way = Told(TransferWay.FineTuned, 15);
        var found = study.Run(_data, [way with { Run = (task, token) => way.Run(task, token) with { SourceLoss = loss, Notes = ["unfroze layer4"] } }]);
        var kept = study.Run(_data, [way]);
        Assert.Equal(1, kept.Kept);
        Assert.Equal((loss, "unfroze layer4"), (kept.Points[0].SourceLoss, Assert.Single(kept.Points[0].Notes)));
        Assert.Equal(found.Verdict, kept.Verdict);
        Assert.Contains(
            "fine-tuning cost the source task: a linear probe on 800 of its items reaches 0.9000 with the original backbone and 0.8000 with the fine-tuned one, " +
            "a loss of 10.00 points (95 %: 6.00 to 14.00) on 200 test items", kept.Verdict);
    }

    [Theory]
    [InlineData("", "not the results of a transfer study")]
    [InlineData("{\"format\":9,\"cells\":[]}", "results of format 9; expected 1: name another file, or delete it to begin anew")]
    [InlineData("[1]", "not the results of a transfer study")]
    [InlineData("{\"format\":1}", "expected 1: name another file, or delete it to begin anew")]
    public void A_file_that_is_none_is_refused_and_left_alone(string content, string message)
    {
        string file = _folder["transfer.json"];
        File.WriteAllText(file, content);
        var error = Assert.Throws<TransferException>(() => new TransferStudy { Results = file }.Run(_data, [Told(TransferWay.Probe, 15)]));
        Assert.StartsWith($"{file}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal((content, 0), (File.ReadAllText(file), _run.Count));
    }

    private TransferWay Told(string name, int right)
    {
        var way = MadeUpTransfer.Right(name, _ => right);
        return way with
        {
            Run = (task, cancellation) =>
            {
                _run.Add($"{name} {task.Train.Length}");
                return way.Run(task, cancellation);
            },
        };
    }
}
